//! Takes secrets out of a foreign command line before it is shown: values by the names that they are given under, and
//! the logins of addresses. Pure. Rather too much than too little: nobody reads these lines for their values.

/// In the name of a variable or an option, whatever else it says.
const TELLING: [&str; 6] = ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "KEY", "TOKEN"];
const BLOT: &str = "***";

pub fn blotted(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    // The quote that the name itself stands in, as in env "NAME=value".
    let mut quote = None;
    while let Some(first) = rest.chars().next() {
        let name_len = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        if name_len == 0 {
            if let Some(after) = rest.strip_prefix("://") {
                shown.push_str("://");
                rest = without_login(after, &mut shown);
                continue;
            }
            quote = matches!(first, '"' | '\'').then_some(first);
            shown.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (name, after) = rest.split_at(name_len);
        rest = after;
        if let Some(attached) = short_password(name) {
            shown.push_str("-p");
            rest = if attached.is_empty() {
                next(rest, None, &mut shown)
            } else {
                value(rest, quote, &mut shown)
            };
        } else if is_telling(name) {
            shown.push_str(name);
            if let Some(given) = rest.strip_prefix('=') {
                shown.push('=');
                rest = value(given, quote, &mut shown);
            } else if name.starts_with("--") {
                rest = next(rest, quote, &mut shown);
            }
        } else {
            shown.push_str(name);
        }
        quote = None;
    }
    shown
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    TELLING.iter().any(|word| name.contains(word))
}

/// What is attached to `-p`.
fn short_password(name: &str) -> Option<&str> {
    name.strip_prefix("-p")
}

/// The word that follows, if any does.
fn next<'a>(rest: &'a str, quote: Option<char>, shown: &mut String) -> &'a str {
    let word = rest.trim_start_matches([' ', '\t', '=']);
    shown.push_str(&rest[..rest.len() - word.len()]);
    if word.is_empty() || word.len() == rest.len() { word } else { value(word, quote, shown) }
}

/// One value as a shell would take it; what does not end as it should goes on to the end of the line.
fn value<'a>(rest: &'a str, around: Option<char>, shown: &mut String) -> &'a str {
    shown.push_str(BLOT);
    let (mut quote, mut depth, mut escaped) = (around, 0_u32, false);
    for (at, c) in rest.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', Some('"' | '`') | None) => escaped = true,
            (c, Some(open)) if c == open => {
                quote = None;
                // The quote around name and value ends both, unless the word goes on behind it.
                let ends = rest[at + open.len_utf8()..].chars().next().is_none_or(ends_word);
                if around == Some(open) && depth == 0 && ends {
                    return &rest[at..];
                }
            }
            ('"' | '\'' | '`', None) => quote = Some(c),
            ('(', None) => depth += 1,
            (')', None) if depth > 0 => depth -= 1,
            (c, None) if depth == 0 && ends_word(c) => return &rest[at..],
            (_, Some(_) | None) => {}
        }
    }
    ""
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, ';' | '|' | '&' | ')')
}

/// After `://`: what stands before the last `@` of the address, which may hold a `/` that nobody escaped.
fn without_login<'a>(rest: &'a str, shown: &mut String) -> &'a str {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';')).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => {
            shown.push_str(BLOT);
            &rest[at..]
        }
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_telling_names_and_logins_are_not_shown() {
        for (line, shown) in [
            ("RESTIC_PASSWORD=hunter2 restic backup /etc", "RESTIC_PASSWORD=*** restic backup /etc"),
            ("env \"RESTIC_PASSWORD=hunter 2\" restic check", "env \"RESTIC_PASSWORD=***\" restic check"),
            // More than there had to be: the quote could be around the name and its value alone.
            ("sh -c 'B2_KEY=\"hunter 2\" restic check'", "sh -c 'B2_KEY=***'"),
            ("env 'B2_KEY='\"hunter2\" restic", "env 'B2_KEY=*** restic"),
            ("AWS_SECRET_ACCESS_KEY=hun\"ter 2\"x;restic", "AWS_SECRET_ACCESS_KEY=***;restic"),
            ("export TOKEN=$(echo hunter2 | rev) && restic", "export TOKEN=*** && restic"),
            ("X_TOKEN=`echo hunter2` restic", "X_TOKEN=*** restic"),
            ("restic --password-command 'echo hunter2' check", "restic --password-command *** check"),
            ("restic --password-command=\"echo hunter2\" check", "restic --password-command=*** check"),
            ("restic -p /etc/hunter2 backup /a", "restic -p *** backup /a"),
            ("mysqldump -phunter2 --all | restic", "mysqldump -p*** --all | restic"),
            ("restic -r rest:https://ada:hunter2@host:8000/x y", "restic -r rest:https://***@host:8000/x y"),
            ("restic -r rest:http://ada:hun/ter2@host/x", "restic -r rest:http://***@host/x"),
            ("curl https://x.example/?token=hunter2&a=b", "curl https://x.example/?token=***&a=b"),
            ("PASSWORD='hunter2", "PASSWORD=***"),
            ("password=hun\\ ter2 restic", "password=*** restic"),
        ] {
            assert_eq!(blotted(line), shown);
        }
        for line in [
            "15 3 * * * root /usr/bin/restic backup --tag daily --keep-monthly=3 /home",
            "ExecStart=/usr/bin/restic -r sftp:backup@nas:/repo check --no-cache",
            "ExecStart=/usr/bin/restic -r s3:https://s3.example.org/bucket \"quoted word\" ü",
        ] {
            assert_eq!(blotted(line), line);
        }
    }
}
