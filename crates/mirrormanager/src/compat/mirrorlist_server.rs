//! `mirrorlist-server`, spec mirrorlist C.1.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use model::clock::SystemClock;
use serve::Options;
use settings::Log;
use settings::answer::{Answer, Compatibility};
use settings::log::LogFormat;
use settings::serve::{AccessLogFormat, Serve};

use super::flags::{Flag, Given};
use super::frame;
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::printer::Printer;

const fn flag(long: &'static str, short: Option<char>, value: &'static str, help: &'static str) -> Flag {
    Flag { long, short, value: Some(value), help }
}

const FLAGS: [Flag; 10] = [
    flag("listen", None, "ADDRESS", "address to listen on [127.0.0.1]"),
    flag("port", None, "PORT", "port to listen on [3000]"),
    flag(
        "minimum",
        Some('m'),
        "NUMBER",
        "with fewer mirrors near a client, mirrors of the world are added [5]",
    ),
    flag("cache", Some('c'), "CACHE", "cache file [/var/lib/mirrormanager/mirrorlist_cache.proto]"),
    flag("internet2_netblocks", Some('i'), "FILE", "accepted and ignored"),
    flag(
        "global_netblocks",
        Some('g'),
        "FILE",
        "networks and their AS numbers [/var/lib/mirrormanager/global_netblocks.txt]",
    ),
    flag("log", Some('l'), "LOG", "access log [/var/log/mirrormanager/mirrorlist.log]"),
    flag("cccsv", None, "CSV", "continents of countries [/var/lib/mirrormanager/country_continent.csv]"),
    flag("geoip", None, "MMDB", "country database [/usr/share/GeoIP/GeoLite2-Country.mmdb]"),
    Flag { long: "help", short: Some('h'), value: None, help: "this text" },
];

/// Serves with the old program's flags, defaults and texts.
pub fn run(arguments: &[OsString]) -> Exit {
    frame::run("mirrorlist-server", &FLAGS, arguments, serve)
}

fn serve(given: &Given, out: Printer) -> Outcome {
    let options = options(given, out)?;
    let level = level(&std::env::var("RUST_LOG").unwrap_or_default());
    logging::start(&Log { level, format: LogFormat::Text })?;
    block_on(async move {
        let started = |running: &serve::Running| {
            // A closed standard output is no reason to stop serving.
            let _ = out.line(format_args!("Listening on http://{}", running.address()));
        };
        serve::run(&options, Arc::new(SystemClock), started)
            .await
            .map_err(|error| Failure::operation(error.upstream_text()))?;
        Ok(Exit::Success)
    })
}

/// The filter in the variable of the old server's logger. There a regular expression may stand behind a slash, and
/// what is not understood is ignored; errors are shown when nothing else is asked for.
fn level(variable: &str) -> String {
    let filters = variable.split('/').next().unwrap_or_default().split(',');
    let understood: Vec<&str> = filters.filter(|filter| logging::is_filter(filter)).collect();
    if understood.is_empty() { "error".to_owned() } else { understood.join(",") }
}

fn options(given: &Given, out: Printer) -> Outcome<Options> {
    let path = |flag: &str, default: &str| given.last(flag).unwrap_or(default).into();
    let minimum = match given.last("minimum").map(str::parse) {
        None => 5,
        Some(Ok(minimum)) => minimum,
        Some(Err(_)) => {
            out.line("Error parsing minimum number of mirrors. Defaulting to 5")?;
            5
        }
    };
    let port = match given.last("port").map(str::parse::<u64>) {
        None => 3000,
        Some(Ok(port)) => u16::try_from(port)
            .map_err(|_| Failure::input(format!("port {port} is out of range; use 1 to 65535")))?,
        Some(Err(_)) => {
            out.line("Error parsing port. Defaulting to 3000")?;
            3000
        }
    };
    let listen = given.last("listen").unwrap_or("127.0.0.1");
    let serve = Serve {
        listen: SocketAddr::new(address(listen)?, port),
        control: None,
        cache: path("cache", "/var/lib/mirrormanager/mirrorlist_cache.proto"),
        netblocks: Some(path("global_netblocks", "/var/lib/mirrormanager/global_netblocks.txt")),
        continents: Some(path("cccsv", "/var/lib/mirrormanager/country_continent.csv")),
        countries: Some(path("geoip", "/usr/share/GeoIP/GeoLite2-Country.mmdb")),
        access_log: AccessLogFormat::Upstream,
        access_log_file: path("log", "/var/log/mirrormanager/mirrorlist.log"),
        // The old server took whatever file it was started with.
        accept_older: true,
        ..Serve::default()
    };
    let answer = Answer { compatibility: Compatibility::Upstream, minimum, ..Answer::default() };
    Ok(Options { serve, answer })
}

/// An address; an IPv6 address stands in brackets, because the old server glued the port to it.
fn address(text: &str) -> Outcome<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let parsed = match inner {
        Some(inner) => inner.parse().map(IpAddr::V6).ok(),
        None => text.parse().map(IpAddr::V4).ok(),
    };
    parsed.ok_or_else(|| {
        Failure::input(format!("cannot listen on {text:?}: expected an IPv4 address, or [an IPv6 address]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::flags::{self, Positional};
    use crate::printer::Form;

    fn of(arguments: &[&str]) -> Outcome<Options> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        options(&flags::read(&FLAGS, &arguments, Positional::Mixed).unwrap(), Printer::new(Form::Text))
    }

    #[test]
    fn of_a_log_filter_what_is_understood_counts() {
        for (variable, expected) in [
            ("", "error"),
            ("info", "info"),
            ("hyper=warn,info/some expression", "hyper=warn,info"),
            ("a=b=c,debug,=,", "debug"),
            ("/info", "error"),
        ] {
            assert_eq!(level(variable), expected, "{variable:?}");
        }
    }

    #[test]
    fn the_defaults_are_the_old_servers() {
        let Options { serve, answer } = of(&[]).unwrap();
        assert_eq!(serve.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(serve.access_log, AccessLogFormat::Upstream);
        assert_eq!(serve.access_log_file.to_str(), Some("/var/log/mirrormanager/mirrorlist.log"));
        assert_eq!(serve.control, None);
        assert!(serve.accept_older);
        let named = |path: &Option<std::path::PathBuf>| path.as_ref().unwrap().to_str().unwrap().to_owned();
        assert_eq!(serve.cache.to_str(), Some("/var/lib/mirrormanager/mirrorlist_cache.proto"));
        assert_eq!(named(&serve.netblocks), "/var/lib/mirrormanager/global_netblocks.txt");
        assert_eq!(named(&serve.continents), "/var/lib/mirrormanager/country_continent.csv");
        assert_eq!(named(&serve.countries), "/usr/share/GeoIP/GeoLite2-Country.mmdb");
        assert_eq!((answer.compatibility, answer.minimum), (Compatibility::Upstream, 5));
    }

    #[test]
    fn the_last_flag_wins_and_nonsense_falls_back() {
        let Options { serve, answer } =
            of(&["--port", "1", "--port=8080", "-m", "3", "-mx", "--listen", "[::1]", "-i", "gone"]).unwrap();
        assert_eq!(serve.listen.to_string(), "[::1]:8080");
        assert_eq!(answer.minimum, 5);
        assert_eq!(of(&["--port", "http"]).unwrap().serve.listen.port(), 3000);
        for wrong in [["--listen", "localhost"], ["--listen", "::1"], ["--port", "65536"]] {
            assert!(of(&wrong).is_err(), "{wrong:?}");
        }
    }
}
