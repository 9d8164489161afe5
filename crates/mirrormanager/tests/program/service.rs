//! As a service of systemd: sockets that are open already, and what the service manager is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use crate::program::Deployment;

/// Nothing here takes this long, unless it hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// Starts the server with two sockets as its third and fourth file, as systemd does.
fn start(deployment: &Deployment, public: OwnedFd, control: OwnedFd, notify: &Path) -> Child {
    let inputs = concat!(env!("CARGO_MANIFEST_DIR"), "/../answer/tests/data/mirrorlist/inputs");
    let server = deployment.command(&["serve", "--cache", &format!("{inputs}/cache.proto")]);
    let hand_over = "exec 3<&0 4<&1 </dev/null >/dev/null
        export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=mirrorlist.socket:control
        exec \"$0\" \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", hand_over]).arg(server.get_program()).args(server.get_args());
    shell.current_dir(deployment.folder()).env("MM_CONFIG", deployment.path("mm.toml"));
    // An address that can not be had, so that it must be the other sockets that are used.
    shell.env("MM_SERVE__LISTEN", "192.0.2.1:1").env("MM_SERVE__CONTROL", "192.0.2.1:1");
    shell.env("NOTIFY_SOCKET", notify);
    shell.stdin(public).stdout(control).spawn().unwrap()
}

fn request(stream: &mut (impl Read + Write), path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn ask(address: SocketAddr, path: &str) -> String {
    request(&mut TcpStream::connect(address).unwrap(), path)
}

/// The next thing that the service manager is told.
fn told(notify: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let length = notify.recv(&mut message).unwrap();
    String::from_utf8(message[..length].to_vec()).unwrap()
}

fn notify_socket(deployment: &Deployment) -> UnixDatagram {
    let socket = UnixDatagram::bind(deployment.path("notify")).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

#[test]
fn it_serves_on_the_sockets_of_systemd_and_says_how_it_is() {
    let deployment = Deployment::sqlite();
    let notify = notify_socket(&deployment);
    let (public, control) =
        (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (address, control_address) = (public.local_addr().unwrap(), control.local_addr().unwrap());
    // Before anything is there to accept it.
    let mut early = TcpStream::connect(address).unwrap();
    let copy = public.try_clone().unwrap();
    let mut server = start(&deployment, copy.into(), control.into(), &deployment.path("notify"));
    assert_eq!(told(&notify), "READY=1\n");
    let list = "/mirrorlist?repo=fedora-40&arch=x86_64&country=global";
    assert!(request(&mut early, list).contains("# repo = fedora-40 arch = x86_64 country = global"));
    assert!(ask(address, list).contains(" 200 "));
    assert!(ask(control_address, "/health/ready").contains(" 200 "));
    assert!(ask(control_address, list).contains(" 404 "));

    testkit::programs::signal("HUP", server.id());
    let reloading = told(&notify);
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading:?}");
    assert_eq!(told(&notify), "READY=1\n");
    testkit::programs::signal("TERM", server.id());
    assert_eq!(told(&notify), "STOPPING=1\n");
    assert!(server.wait().unwrap().success());

    // The socket outlives the server: the next one answers who came in between.
    let mut between = TcpStream::connect(address).unwrap();
    let control = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut next = start(&deployment, public.into(), control.into(), &deployment.path("notify"));
    assert_eq!(told(&notify), "READY=1\n");
    assert!(request(&mut between, list).contains(" 200 "));
    testkit::programs::signal("TERM", next.id());
    assert!(next.wait().unwrap().success());
}

#[test]
fn a_unix_socket_of_systemd_will_do() {
    let deployment = Deployment::sqlite();
    let notify = notify_socket(&deployment);
    let path = deployment.path("mirrorlist.sock");
    let public = UnixListener::bind(&path).unwrap();
    let control = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = start(&deployment, public.into(), control.into(), &deployment.path("notify"));
    assert_eq!(told(&notify), "READY=1\n");
    let mut client = std::os::unix::net::UnixStream::connect(&path).unwrap();
    assert!(request(&mut client, "/mirrorlist?repo=fedora-40&arch=x86_64").contains(" 200 "));
    testkit::programs::signal("TERM", server.id());
    assert!(server.wait().unwrap().success());
    assert!(path.exists(), "it is not ours to remove");
}
