//! What Linux says of power and network in plain files: no daemon is asked, nothing is started.
//!
//! Where nothing says anything, the machine is on mains power and its network is not metered.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where NetworkManager keeps profiles, the one that wins first.
const PROFILES: [&str; 3] = [
    "run/NetworkManager/system-connections",
    "etc/NetworkManager/system-connections",
    "usr/lib/NetworkManager/system-connections",
];
/// `ARPHRD_NONE`: a tunnel. What goes into it goes out by another way.
const TUNNEL: &str = "65534";

/// Some supply is plugged in, or no battery of the machine itself is being emptied (a desktop, a battery that is kept
/// full). As systemd's `ConditionACPower` has it; sysfs-class-power in the kernel's ABI.
pub(super) fn is_on_mains_power(root: &Path) -> bool {
    let (mut plugged_in, mut emptying) = (false, false);
    for supply in entries(&root.join("sys/class/power_supply")) {
        let is = |name: &str, value: &str| text(&supply.join(name)).is_some_and(|text| text == value);
        match text(&supply.join("type")).as_deref() {
            // A mouse's battery is none of the machine's.
            Some("Battery") if is("scope", "Device") || is("present", "0") => {}
            Some("Battery") => emptying |= is("status", "Discharging"),
            Some(_) => plugged_in |= text(&supply.join("online")).is_some_and(|text| text != "0"),
            None => {}
        }
    }
    plugged_in || !emptying
}

/// Whether the way out costs by the byte: NetworkManager's profile of the device that the default route goes through
/// says so, or it is a mobile modem that no profile says otherwise of.
pub(super) fn is_metered(root: &Path) -> bool {
    let Some(device) = way_out(root) else { return false };
    match profile_says(root, &device) {
        Some(metered) => metered,
        None => uevent(root, &device, "DEVTYPE").as_deref() == Some("wwan"),
    }
}

/// The device of the best default route, tunnels left out.
fn way_out(root: &Path) -> Option<String> {
    let mut routes: Vec<(u64, String)> = Vec::new();
    let lines = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    // Iface Destination Gateway Flags RefCnt Use Metric Mask …
    for line in lines("proc/net/route").lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if let [device, "00000000", _, _, _, _, metric, "00000000", ..] = fields[..] {
            routes.push((metric.parse().unwrap_or(u64::MAX), device.to_owned()));
        }
    }
    // Destination length, source length, next hop, metric, references, use, flags, device; numbers are hexadecimal.
    for line in lines("proc/net/ipv6_route").lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if let [to, "00", _, _, _, metric, _, _, _, device] = fields[..]
            && to.bytes().all(|byte| byte == b'0')
            && device != "lo"
        {
            routes.push((u64::from_str_radix(metric, 16).unwrap_or(u64::MAX), device.to_owned()));
        }
    }
    routes.sort();
    let tunnel = |device: &str| {
        text(&root.join("sys/class/net").join(device).join("type")).is_some_and(|kind| kind == TUNNEL)
    };
    routes.into_iter().map(|(_, device)| device).find(|device| !tunnel(device))
}

/// NetworkManager's own state names the profile of each device by its number; a profile says `metered=1` (yes) or 2 (no),
/// and anything else leaves it open (NMMetered).
fn profile_says(root: &Path, device: &str) -> Option<bool> {
    let number = text(&root.join("sys/class/net").join(device).join("ifindex"))?;
    let state = fs::read_to_string(root.join("run/NetworkManager/devices").join(number)).ok()?;
    let uuid = value(&state, "device", "connection-uuid")?;
    let profiles = PROFILES.iter().flat_map(|directory| entries(&root.join(directory)));
    let profile = profiles
        .filter_map(|path| fs::read_to_string(path).ok())
        .find(|text| value(text, "connection", "uuid") == Some(uuid))?;
    match value(&profile, "connection", "metered")? {
        "1" | "yes" | "true" => Some(true),
        "2" | "no" | "false" => Some(false),
        _ => None,
    }
}

fn uevent(root: &Path, device: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(root.join("sys/class/net").join(device).join("uevent")).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim().to_owned())
}

/// One value of a GLib key file.
fn value<'a>(text: &'a str, section: &str, name: &str) -> Option<&'a str> {
    let header = format!("[{section}]");
    let within = text.lines().map(str::trim).skip_while(|line| *line != header).skip(1);
    let mut pairs = within.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    found
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn with(self, path: &str, text: &str) -> Self {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            self
        }

        fn supply(self, name: &str, files: &[(&str, &str)]) -> Self {
            files.iter().fold(self, |machine, (file, text)| {
                machine.with(&format!("sys/class/power_supply/{name}/{file}"), &format!("{text}\n"))
            })
        }

        fn mains(&self) -> bool {
            is_on_mains_power(self.0.path())
        }

        fn metered(&self) -> bool {
            is_metered(self.0.path())
        }
    }

    const EMPTYING: [(&str, &str); 3] = [("type", "Battery"), ("status", "Discharging"), ("present", "1")];

    #[test]
    fn a_machine_without_a_battery_is_on_mains_power() {
        assert!(Machine::new().mains());
        assert!(Machine::new().supply("AC", &[("type", "Mains"), ("online", "1")]).mains());
    }

    #[test]
    fn a_laptop_is_on_mains_power_while_something_is_plugged_in() {
        let unplugged =
            || Machine::new().supply("BAT0", &EMPTYING).supply("AC", &[("type", "Mains"), ("online", "0")]);
        assert!(!unplugged().mains());
        assert!(unplugged().supply("ucsi-source", &[("type", "USB"), ("online", "1")]).mains());
        assert!(!Machine::new().supply("BAT0", &EMPTYING).mains(), "a board that shows its battery alone");
        let full = [("type", "Battery"), ("status", "Full")];
        assert!(Machine::new().supply("BAT0", &full).mains());
    }

    #[test]
    fn a_mouse_and_an_empty_bay_are_no_batteries_of_the_machine() {
        let mouse = [("type", "Battery"), ("status", "Discharging"), ("scope", "Device")];
        let bay = [("type", "Battery"), ("status", "Discharging"), ("present", "0")];
        assert!(Machine::new().supply("hid-mouse", &mouse).supply("BAT1", &bay).mains());
    }

    const ROUTES: &str =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    fn route(device: &str, metric: u32) -> String {
        format!("{device}\t00000000\t010200C0\t0003\t0\t0\t{metric}\t00000000\t0\t0\t0\n")
    }

    fn online(routes: &[(&str, u32)]) -> Machine {
        let table: String = routes.iter().map(|(device, metric)| route(device, *metric)).collect();
        let machine = Machine::new().with(
            "proc/net/route",
            &format!("{ROUTES}{table}wlan0\t000200C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"),
        );
        machine
            .with("sys/class/net/wlan0/ifindex", "3\n")
            .with("sys/class/net/wlan0/type", "1\n")
            .with("sys/class/net/wlan0/uevent", "DEVTYPE=wlan\nINTERFACE=wlan0\n")
            .with("sys/class/net/wwan0/ifindex", "4\n")
            .with("sys/class/net/wwan0/type", "1\n")
            .with("sys/class/net/wwan0/uevent", "DEVTYPE=wwan\nINTERFACE=wwan0\n")
            .with("sys/class/net/wg0/type", "65534\n")
            .with("run/NetworkManager/devices/3", "[device]\nmanaged=1\nconnection-uuid=aaaa\n")
    }

    fn profile(metered: &str) -> String {
        format!("[connection]\nid=home\nuuid=aaaa\ntype=wifi\n{metered}\n[wifi]\nssid=home\n")
    }

    const PROFILE: &str = "etc/NetworkManager/system-connections/home.nmconnection";

    #[test]
    fn where_nothing_says_the_network_is_not_metered() {
        assert!(!Machine::new().metered());
        assert!(!online(&[]).metered());
        assert!(!online(&[("wlan0", 600)]).metered(), "a profile that cannot be found");
        assert!(!online(&[("wlan0", 600)]).with(PROFILE, &profile("metered=0")).metered());
    }

    #[test]
    fn a_profile_says_what_its_network_costs() {
        assert!(online(&[("wlan0", 600)]).with(PROFILE, &profile("metered=1")).metered());
        let another = profile("metered=1").replace("aaaa", "bbbb");
        assert!(!online(&[("wlan0", 600)]).with(PROFILE, &another).metered());
        // It speaks for its own network alone: here another way out is better.
        assert!(!online(&[("eth0", 100), ("wlan0", 600)]).with(PROFILE, &profile("metered=1")).metered());
    }

    #[test]
    fn a_modem_is_metered_unless_its_profile_says_otherwise() {
        assert!(online(&[("wwan0", 700)]).metered());
        let flat = |metered: &str| {
            online(&[("wwan0", 700)])
                .with("run/NetworkManager/devices/4", "[device]\nconnection-uuid=aaaa\n")
                .with(PROFILE, &profile(metered))
        };
        assert!(!flat("metered=2").metered());
        assert!(flat("metered=0").metered());
        let six = format!(
            "{0} 00 {0} 00 fe80{1} 00000400 00000001 00000000 00450003    wwan0\n",
            "0".repeat(32),
            "0".repeat(28)
        );
        assert!(online(&[]).with("proc/net/ipv6_route", &six).metered());
    }

    #[test]
    fn a_tunnel_goes_out_by_another_way() {
        assert!(online(&[("wg0", 50), ("wlan0", 600)]).with(PROFILE, &profile("metered=1")).metered());
    }
}
