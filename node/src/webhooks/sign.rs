pub fn secret_text(_secret: &[u8]) -> String { String::new() }
