use std::collections::BTreeMap;
use std::vec::IntoIter;

use super::types::Whose;
use super::{Inbox, Kind, Notice, Position, table};
use crate::{AccountId, Fault, View, follows, journal};

/// How many notices one page looks at, those that the account does not want to be told among them.
const LOOKED_AT_MAX: usize = 1_000;
/// From how many places one look reads.
const PLACES_AT_ONCE: usize = 64;
/// How many notices of one source are read at a time, after the first one.
const READ_AHEAD: usize = 16;

/// A part of an inbox, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub notices: Vec<(Position, Notice)>,
    /// Of the notices, those up to this one are read.
    pub read_through: Option<Position>,
    /// There may be more, of events before this one.
    pub next: Option<Position>,
}

/// A page of an inbox on its way: at most `limit` notices of an account, of events before some position: its own, and
/// those of each creator whom it follows, from the entry on with which it began to. Those that it does not want to be
/// told are left out.
///
/// Whoever follows thousands is told from as many places, and who looks at the state keeps apply waiting. So it is
/// gathered in many short looks, each of which may see a later state: only what had happened by the first is taken.
///
/// It looks at one notice for each creator who is followed, and at a bounded number of others: a page may have fewer
/// than `limit` notices and a `next` all the same.
pub struct Gathering {
    inbox: Inbox,
    limit: usize,
    before: Position,
    /// Whose notices are not looked for yet, and since when they are of interest.
    creators: IntoIter<(AccountId, u64)>,
    merge: Merge,
    /// How many notices were taken, those that are left out among them.
    looked_at: usize,
    notices: Vec<(Position, Notice)>,
    next: Option<Position>,
}

impl Gathering {
    /// Begins to gather, of events before `before`, or up to now. One look.
    pub fn begin(view: &dyn View, account: AccountId, before: Option<Position>, limit: usize) -> Result<Self, Fault> {
        let inbox = table::inbox(view, account)?;
        let end = (journal::meta(view)?.index + 1, 0);
        let before = before.map_or(end, |before| before.min(end));
        let followed = follows::following(view, account, None, follows::FOLLOWING_MAX as usize)?.into_iter();
        let heard = followed.filter(|(creator, _)| inbox.hears(*creator));
        let creators: Vec<_> = heard.map(|(creator, edge)| (creator, edge.index)).collect();
        let mut merge = Merge::default();
        merge.add(view, Whose::Account(account), 0, before)?;
        let (creators, notices) = (creators.into_iter(), Vec::new());
        Ok(Gathering { inbox, limit, before, creators, merge, looked_at: 0, notices, next: None })
    }

    /// Reads from a bounded number of places. Gives the page when that was enough; else another look goes on.
    pub fn go_on(&mut self, view: &dyn View) -> Result<Option<Page>, Fault> {
        for _ in 0..PLACES_AT_ONCE {
            if let Some((creator, since)) = self.creators.next() {
                self.merge.add(view, Whose::Creator(creator), since, self.before)?;
                continue;
            }
            if self.looked_at == LOOKED_AT_MAX {
                return Ok(Some(self.page(self.next)));
            }
            self.looked_at += 1;
            let Some((position, notice)) = self.merge.pop(view)? else { return Ok(Some(self.page(None))) };
            if is_wanted(&self.inbox, &notice) {
                if self.notices.len() == self.limit {
                    return Ok(Some(self.page(self.notices.last().map(|(position, _)| *position))));
                }
                self.notices.push((position, notice));
            }
            self.next = Some(position);
        }
        Ok(None)
    }

    fn page(&mut self, next: Option<Position>) -> Page {
        Page { notices: std::mem::take(&mut self.notices), read_through: self.inbox.read_through, next }
    }
}

fn is_wanted(inbox: &Inbox, notice: &Notice) -> bool {
    Kind::of(&notice.event).is_some_and(|kind| inbox.wants(None, kind))
}

/// Notices that stand under many, as if they stood under one.
#[derive(Default)]
struct Merge {
    sources: Vec<Source>,
    /// The newest notice of each source that has any left. An event is noted once, so no two have one position.
    newest: BTreeMap<Position, usize>,
}

struct Source {
    whose: Whose,
    since: u64,
    /// What was read and not taken yet, the newest last.
    read: Vec<(Position, Notice)>,
}

impl Merge {
    fn add(&mut self, view: &dyn View, whose: Whose, since: u64, before: Position) -> Result<(), Fault> {
        let read = table::notices(view, whose, since, Some(before), 1)?;
        if let Some((position, _)) = read.last() {
            self.newest.insert(*position, self.sources.len());
            self.sources.push(Source { whose, since, read });
        }
        Ok(())
    }

    /// Takes the newest notice of all.
    fn pop(&mut self, view: &dyn View) -> Result<Option<(Position, Notice)>, Fault> {
        let Some((position, at)) = self.newest.pop_last() else { return Ok(None) };
        let source = &mut self.sources[at];
        let taken = source.read.pop();
        if source.read.is_empty() {
            source.read = table::notices(view, source.whose, source.since, Some(position), READ_AHEAD)?;
            source.read.reverse();
        }
        if let Some((position, _)) = source.read.last() {
            self.newest.insert(*position, at);
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{self, Role};
    use crate::drops::{self, NewItem, Schedule};
    use crate::follows::Follow;
    use crate::machine::testing::{Machine, account, drop, product};
    use crate::notifications::{Command, SetPreferences};
    use crate::{DropId, ProductId, products};

    const READER: AccountId = AccountId::from_u128(1_007);

    /// A whole page of one state.
    fn list(view: &dyn View, account: AccountId, before: Option<Position>, limit: usize) -> Result<Page, Fault> {
        let mut gathering = Gathering::begin(view, account, before, limit)?;
        loop {
            if let Some(page) = gathering.go_on(view)? {
                return Ok(page);
            }
        }
    }

    /// Three creators with a product each. The reader follows the first two, from before their first drop on.
    fn followed() -> Machine {
        let mut machine = Machine::default();
        for n in 1..=3 {
            machine.run(accounts::Command::Register(account(n, Role::Creator))).expect("nobody has the address");
            machine.run(products::Command::Create(product(n, n))).expect("the creator may");
        }
        follow(&mut machine, 1);
        follow(&mut machine, 2);
        machine
    }

    fn follow(machine: &mut Machine, creator: u128) {
        let follow = Follow { follower_id: READER, creator_id: AccountId::from_u128(creator) };
        machine.run(follows::Command::Follow(follow)).expect("there is such a creator");
    }

    /// A drop of a creator that is live at once.
    fn schedule(machine: &mut Machine, n: u128, creator: u128) {
        let schedule = Schedule {
            drop_id: DropId::from_u128(n),
            creator_id: AccountId::from_u128(creator),
            product_id: ProductId::from_u128(creator),
            items: vec![NewItem { sku: "default".into(), stock: 3 }],
            ..drop(1)
        };
        machine.run(drops::Command::Schedule(schedule)).expect("the creator may");
    }

    fn drops_in(page: &Page) -> Vec<DropId> {
        let of = |notice: &Notice| match notice.event {
            crate::Event::Drops(drops::Event::Live { drop_id, .. }) => drop_id,
            ref other => panic!("{other:?}"),
        };
        page.notices.iter().map(|(_, notice)| of(notice)).collect()
    }

    fn ids(ids: impl IntoIterator<Item = u128>) -> Vec<DropId> {
        ids.into_iter().map(DropId::from_u128).collect()
    }

    #[test]
    fn an_inbox_has_what_followed_creators_did_since_newest_first_page_by_page() {
        let mut machine = followed();
        for n in 1..=60 {
            schedule(&mut machine, n, 1 + n % 3);
        }
        follow(&mut machine, 3);
        schedule(&mut machine, 61, 3);
        let mut expected: Vec<u128> = (1..=60).filter(|n| n % 3 != 2).collect();
        expected.push(61);
        expected.reverse();
        let all = list(&machine.view, READER, None, 100).expect("memory does not fail");
        assert_eq!((drops_in(&all), all.next), (ids(expected.clone()), None));
        for limit in [1, 7, 40, 41] {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let page = list(&machine.view, READER, before, limit).expect("memory does not fail");
                assert!(page.notices.len() == limit || page.next.is_none());
                seen.extend(drops_in(&page));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(seen, ids(expected.clone()), "{limit} a page");
        }
    }

    #[test]
    fn own_orders_stand_among_them_and_those_of_others_do_not() {
        let mut machine = followed();
        schedule(&mut machine, 1, 1);
        machine.paid(1, 7, 1);
        machine.paid(2, 8, 1);
        let page = list(&machine.view, READER, None, 9).expect("memory does not fail");
        let kinds: Vec<_> = page.notices.iter().filter_map(|(_, notice)| Kind::of(&notice.event)).collect();
        assert_eq!(kinds, [Kind::OrderConfirmed, Kind::DropLive]);
    }

    #[test]
    fn what_is_muted_or_switched_off_is_left_out() {
        let mut machine = followed();
        schedule(&mut machine, 1, 1);
        schedule(&mut machine, 2, 2);
        machine.paid(1, 7, 1);
        let mut left = |muted: &[u128], kinds_off: &[Kind]| {
            let muted = muted.iter().copied().map(AccountId::from_u128).collect();
            let set = SetPreferences { account_id: READER, muted, kinds_off: kinds_off.to_vec() };
            machine.run(Command::SetPreferences(set)).expect("there are few");
            list(&machine.view, READER, None, 9).expect("memory does not fail").notices.len()
        };
        assert_eq!([left(&[], &[]), left(&[1], &[]), left(&[1, 2], &[])], [3, 2, 1]);
        assert_eq!([left(&[], &[Kind::DropLive]), left(&[], &[Kind::OrderConfirmed])], [1, 2]);
    }

    #[test]
    fn a_page_among_much_that_is_not_wanted_ends_and_says_where_to_go_on() {
        let mut machine = followed();
        schedule(&mut machine, 1, 1);
        machine.index += 3_000;
        schedule(&mut machine, 2, 3);
        for n in 2..=(LOOKED_AT_MAX as u128 + 1) {
            let event = drops::Event::Scheduled {
                drop_id: DropId::from_u128(n),
                creator_id: AccountId::from_u128(1),
                starts_at: machine.now,
            };
            let notice = Notice { at: machine.now, event: event.into() };
            let prefix = Whose::Creator(AccountId::from_u128(1)).prefix();
            let name = [&prefix[..], &(1_000 + n as u64).to_be_bytes(), &[0; 4]].concat();
            machine.view.0.insert(name, crate::codec::encode(&notice));
        }
        let inbox = Inbox { kinds_off: vec![Kind::DropScheduled], ..Inbox::default() };
        machine
            .view
            .0
            .insert(crate::keys::of_id(crate::keys::INBOX, READER.bytes()).to_vec(), crate::codec::encode(&inbox));
        let first = list(&machine.view, READER, None, 9).expect("memory does not fail");
        assert_eq!((first.notices.len(), first.next), (0, Some((1_002, 0))));
        let rest = list(&machine.view, READER, first.next, 9).expect("memory does not fail");
        assert_eq!((drops_in(&rest), rest.next), (ids([1]), None));
    }

    /// So many creators, each with a drop, and the reader follows all of them.
    fn with_many(creators: u128) -> Machine {
        let mut machine = Machine::default();
        for n in 1..=creators {
            machine.run_unchecked(accounts::Command::Register(account(n, Role::Creator))).expect("it is free");
            machine.run_unchecked(products::Command::Create(product(n, n))).expect("the creator may");
            let follow = Follow { follower_id: READER, creator_id: AccountId::from_u128(n) };
            machine.run_unchecked(follows::Command::Follow(follow)).expect("there is such a creator");
        }
        for n in 1..=creators {
            schedule(&mut machine, n, n);
        }
        machine
    }

    #[test]
    fn no_look_reads_from_more_than_a_few_places_however_many_are_followed() {
        let machine = with_many(300);
        let mut gathering = Gathering::begin(&machine.view, READER, None, 20).expect("memory does not fail");
        let (mut looks, mut page) = (0, None);
        while page.is_none() {
            let read = machine.rows_scanned_by(|view| page = gathering.go_on(view).expect("memory does not fail"));
            assert!(read <= PLACES_AT_ONCE * READ_AHEAD, "{read} rows in one look");
            looks += 1;
        }
        assert_eq!(looks, (300 + 21_usize).div_ceil(PLACES_AT_ONCE));
        assert_eq!(drops_in(&page.expect("it is there")), ids((281..=300).rev()));
    }

    #[test]
    fn what_happens_while_a_page_is_gathered_is_for_the_next_one_whoever_did_it() {
        let mut machine = with_many(100);
        let mut gathering = Gathering::begin(&machine.view, READER, None, 9).expect("memory does not fail");
        assert_eq!(gathering.go_on(&machine.view).expect("memory does not fail"), None);
        // One of the creators was looked for already, the other was not.
        schedule(&mut machine, 201, 1);
        schedule(&mut machine, 202, 100);
        let page = loop {
            if let Some(page) = gathering.go_on(&machine.view).expect("memory does not fail") {
                break page;
            }
        };
        assert_eq!(drops_in(&page), ids((92..=100).rev()));
        let now = list(&machine.view, READER, None, 2).expect("memory does not fail");
        assert_eq!(drops_in(&now), ids([202, 201]));
    }
}
