//! A plan.toml that others can replace is not taken, and says how that is mended.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[tokio::test]
async fn a_file_that_others_can_change_is_not_taken() {
    let fleet = Fleet::found();
    let watched = Watched::new(Host::member(&fleet, Policy::default()).await);
    order(&fleet, &watched.host, 1, plan(), 0).await;
    let mode =
        |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    fs::write(&watched.path, PLAN).unwrap();
    let directory = watched.path.parent().unwrap();
    for (open, bad, good) in [(watched.path.as_path(), 0o666, 0o644), (directory, 0o777, 0o700)] {
        mode(open, bad);
        let before = watched.current().await;
        fs::write(&watched.path, PLAN.replace("0 2", "0 3")).unwrap();
        let Looked::Trouble(why) = watched.look().await else { panic!("others can change it") };
        assert!(why.contains(&format!("chmod go-w {}", open.display())), "{why}");
        assert_eq!(watched.current().await, before, "the old plan stays in force");
        mode(open, good);
        assert!(matches!(watched.look().await, Looked::Governs(_)));
    }
}
