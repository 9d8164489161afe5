//! Where the data connection is to be made: only the port is taken from the server.

use super::reply::Reply;

/// The port in an answer to `EPSV`: `229 … (|||6446|)`.
pub(super) fn epsv_port(reply: &Reply) -> Option<u16> {
    let inner = reply.text.split_once("(|||")?.1.split_once("|)")?.0;
    port(inner)
}

/// The port in an answer to `PASV`: `227 … (h1,h2,h3,h4,p1,p2)`. The address is not looked at: a server that
/// names another one than its own is behind a translator or wants us to connect to a third.
pub(super) fn pasv_port(reply: &Reply) -> Option<u16> {
    let inner = reply.text.split_once('(')?.1.split_once(')')?.0;
    let mut parts = inner.split(',').map(|part| part.trim().parse::<u8>());
    let mut all = [0; 6];
    for slot in &mut all {
        *slot = parts.next()?.ok()?;
    }
    let [.., high, low] = all;
    parts.next().is_none().then(|| u16::from_be_bytes([high, low]))
}

fn port(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        let reply = |text: &str| Reply { code: 227, text: text.into() };
        assert_eq!(epsv_port(&reply("229 Entering (|||6446|)")), Some(6446));
        assert_eq!(epsv_port(&reply("229 (|1|10.0.0.1|6446|)")), None);
        assert_eq!(epsv_port(&reply("229 (|||65536|)")), None);
        assert_eq!(epsv_port(&reply("229 (|||+5|)")), None);
        assert_eq!(pasv_port(&reply("227 Entering Passive Mode (10,0,0,1,25,46).")), Some(6446));
        for bad in
            ["227", "227 (1,2,3,4,5)", "227 (1,2,3,4,5,256)", "227 (1,2,3,4,5,6,7)", "227 (a,2,3,4,5,6)"]
        {
            assert_eq!(pasv_port(&reply(bad)), None, "{bad}");
        }
    }
}
