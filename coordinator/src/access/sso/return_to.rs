//! Where the browser goes once it is signed in: a path of the panel, never another site. Pure.

const MOST: usize = 1_000;
const HOME: &str = "/";

/// The path, or the front page where it is none. A second slash, or a backslash that browsers take for one, would begin
/// the name of a host.
pub fn checked(wanted: Option<&str>) -> &str {
    let path = wanted.unwrap_or(HOME);
    let fits = path.len() <= MOST
        && path.starts_with('/')
        && !path[1..].starts_with('/')
        && path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if fits { path } else { HOME }
}

#[cfg(test)]
mod tests {
    use openidconnect::url::Url;

    use super::*;

    #[test]
    fn only_a_path_of_ours_is_gone_to() {
        for path in ["/", "/hosts", "/hosts/ab?tab=jobs#log", "/a//b", "/sso/callback"] {
            assert_eq!(checked(Some(path)), path);
        }
        for elsewhere in [
            "",
            "hosts",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/ü",
        ] {
            assert_eq!(checked(Some(elsewhere)), "/", "{elsewhere:?}");
        }
        assert_eq!(checked(None), "/");
        assert_eq!(checked(Some(&format!("/{}", "a".repeat(1_000)))), "/");
    }

    proptest::proptest! {
        #[test]
        fn whatever_passes_stays_on_our_own_site(path in "[/\\\\:@.?#a-z\t\n ]{0,20}") {
            let ours = Url::parse("https://backup.example.org/").unwrap();
            let gone_to = ours.join(checked(Some(&path))).unwrap();
            proptest::prop_assert_eq!(gone_to.origin(), ours.origin());
        }
    }
}
