//! What names an event outside: `<log index>-<ordinal>`, the same on every node.

/// The text that names the event with this log index and place among the events of its entry.
pub fn id((index, ordinal): (u64, u32)) -> String {
    format!("{index}-{ordinal}")
}

/// The event that [`id`] names; none for a text that it never gives.
pub fn parse_id(text: &str) -> Option<(u64, u32)> {
    let (index, ordinal) = text.split_once('-')?;
    let position = (index.parse().ok()?, ordinal.parse().ok()?);
    (id(position) == text).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_event() {
        assert_eq!(parse_id(&id((1_284, 3))), Some((1_284, 3)));
        assert_eq!(parse_id(&id((u64::MAX, u32::MAX))), Some((u64::MAX, u32::MAX)));
        for wrong in ["", "1284", "01-3", "-3", "1284-", "1-+3", "1-2-3", " 1-2", "evt_1-2", "18446744073709551616-0"] {
            assert_eq!(parse_id(wrong), None, "{wrong}");
        }
    }
}
