//! What people ask a search for: made of the products that there are, a little of every kind.

use serde_json::Value;

/// Products that questions are made of, spread over all of them.
const ASKED_ABOUT: usize = 12;

/// The query strings of a mixed set of questions.
pub fn about(products: &[Value]) -> Vec<String> {
    let mut questions = ["", "sort=price", "sort=-price", "sort=starts_at", "status=live", "in_stock=true"]
        .map(|filter| format!("q=&{filter}"))
        .to_vec();
    for product in products.iter().step_by((products.len() / ASKED_ABOUT).max(1)) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
        let name = text(&product["name"]);
        let words: Vec<&str> = name.split_whitespace().collect();
        let (Some(first), Some(last)) = (words.first(), words.get(1)) else { continue };
        let price = product["price"]["amount"].as_u64().unwrap_or_default();
        questions.extend([
            format!("q={last}"),
            format!("q={first}+{last}"),
            format!("q={first}+{}", &last[..last.len().min(2)]),
            format!("q=%22{first}+{last}%22"),
            format!("q={}", mistyped(first)),
            format!("q={last}+-{first}&sort=newest"),
            format!("q={last}&sort=price&in_stock=true"),
            format!("q=&tag={}", text(&product["tags"][0])),
            format!("q=&creator_id={}&sort=price", product["creator_id"].as_str().unwrap_or_default()),
            format!("q={first}&price_min={}&price_max={}", price / 2, price * 2),
        ]);
    }
    questions
}

/// A word with its second and third letter swapped.
fn mistyped(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() > 3 {
        letters.swap(1, 2);
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn there_are_questions_of_each_kind_about_products_here_and_there() {
        let product = |number: usize| {
            let price = json!({ "amount": 300 + number });
            json!({ "name": format!("Brass Lamp {number}"), "price": price, "tags": ["desk"], "creator_id": "usr_1" })
        };
        let questions = about(&(0..120).map(product).collect::<Vec<_>>());
        assert_eq!(questions.len(), 6 + 12 * 10);
        for wanted in ["q=lamp", "q=%22brass+lamp%22", "q=barss", "q=&tag=desk", "q=brass&price_min=150&price_max=600"]
        {
            assert!(questions.iter().any(|question| question == wanted), "{wanted}: {questions:?}");
        }
    }
}
