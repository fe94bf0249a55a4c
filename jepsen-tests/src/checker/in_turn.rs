//! Units that come free go to those who wait for them: strictly in the order of joining, and to nobody else.

use crate::checker::Verdict;

/// Compares a line, in the order of joining, with who was served, in the order of the log. As many must have been
/// served as there were units.
pub fn check(line: &[String], served: &[String], units: usize) -> Verdict {
    let mut violations = Vec::new();
    if served.len() != units {
        violations.push(format!("{} were served, and there were {units} units", served.len()));
    }
    for (place, who) in served.iter().enumerate() {
        match line.iter().position(|other| other == who) {
            Some(turn) if turn == place => {}
            Some(turn) => violations.push(format!("number {} in line was served as number {}", turn + 1, place + 1)),
            None => violations.push(format!("{who} was served as number {} and did not wait", place + 1)),
        }
    }
    Verdict::from_violations(violations, served.len(), "order of somebody who waited")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &str) -> Vec<String> {
        names.chars().map(String::from).collect()
    }

    #[test]
    fn who_is_served_in_turn_holds() {
        assert_eq!(check(&people("abcde"), &people("abc"), 3), Verdict::Holds { examined: 3 });
    }

    #[test]
    fn whoever_is_served_before_their_turn_is_found() {
        assert!(
            matches!(check(&people("abcde"), &people("acb"), 3), Verdict::Broken { violations } if violations.len() == 2)
        );
    }

    #[test]
    fn whoever_is_served_without_waiting_is_found() {
        assert!(matches!(check(&people("abcde"), &people("abx"), 3), Verdict::Broken { .. }));
    }

    #[test]
    fn a_unit_that_went_to_nobody_is_found() {
        assert!(matches!(check(&people("abcde"), &people("ab"), 3), Verdict::Broken { .. }));
    }

    #[test]
    fn nobody_served_proves_nothing() {
        assert!(matches!(check(&people("abcde"), &[], 0), Verdict::Unproven { .. }));
    }
}
