//! Whatever comes in: an answer with a status, or the end of the connection, and the server lives on.

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use crate::support::{Client, Deployment, LIST, get};

/// Sends bytes and the end of them; the status of the answer, 0 for none.
async fn provoke(address: std::net::SocketAddr, bytes: &[u8]) -> u16 {
    let mut client = Client::connect(address).await;
    client.send(bytes).await;
    client.finish().await;
    client.reply().await.map_or(0, |reply| reply.status)
}

#[tokio::test]
async fn malformed_requests_get_a_status() {
    let server = Deployment::new().start().await;
    let at = server.address();
    let long = format!("GET {LIST} HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    let many = format!("GET {LIST} HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1000));
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "z".repeat(100_000));
    for (bytes, status, what) in [
        (&b"\x00\x01\x02\xff\xfe\r\n\r\n"[..], 400, "binary"),
        (b"GET\r\n\r\n", 400, "no target"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "no such version"),
        (b"GET /mirrorlist?<script> HTTP/1.1\r\nhost: t\r\n\r\n", 400, "angle brackets"),
        (b"GET /mirrorlist?repo=\xff\xfe HTTP/1.1\r\nhost: t\r\n\r\n", 400, "no UTF-8"),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400, "no colon"),
        (b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400, "a length that is none"),
        (b"GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na", 400, "two lengths"),
        (long.as_bytes(), 431, "a huge header"),
        (many.as_bytes(), 431, "too many headers"),
        (target.as_bytes(), 431, "a huge target"),
    ] {
        assert_eq!(provoke(at, bytes).await, status, "{what}");
        assert_eq!(get(at, LIST).await.status, 200, "after {what}");
    }
}

#[tokio::test]
async fn odd_but_well_formed_requests_are_answered() {
    let server = Deployment::new().start().await;
    for (request, status) in [
        (format!("GET {LIST} HTTP/1.1\r\n\r\n"), 200),
        (format!("GET http://elsewhere.example{LIST} HTTP/1.1\r\nhost: t\r\n\r\n"), 200),
        ("GET /mirrorlist HTTP/1.1\r\nhost: t\r\n\r\n".into(), 200),
        ("GET /mirrorlist?&&==&%&%zz&path HTTP/1.1\r\nhost: t\r\n\r\n".into(), 404),
        ("CONNECT t:1 HTTP/1.1\r\nhost: t\r\n\r\n".into(), 405),
        (format!("GET {LIST} HTTP/1.1\r\nhost: t\r\nx-forwarded-for: 1.2.3\r\n\r\n"), 400),
    ] {
        assert_eq!(provoke(server.address(), request.as_bytes()).await, status, "{request:?}");
    }
    let bytes = format!("GET {LIST} HTTP/1.1\r\nhost: t\r\nx-forwarded-for: 1.2.3.4\u{e9}\r\n\r\n");
    assert_eq!(provoke(server.address(), bytes.as_bytes()).await, 400, "decision 36");
    let upstream = Deployment::upstream().start().await;
    assert_eq!(provoke(upstream.address(), bytes.as_bytes()).await, 500, "E6");
}

#[tokio::test]
async fn random_bytes_and_mutilated_requests_end_nothing_but_their_connection() {
    let server = Deployment::new().start().await;
    let mut rng = StdRng::seed_from_u64(7);
    let good = format!("GET {LIST}&ip=192.0.2.1 HTTP/1.1\r\nhost: t\r\nx-forwarded-for: 192.0.2.1\r\n\r\n");
    for round in 0..300 {
        let mut bytes = good.clone().into_bytes();
        match round % 3 {
            0 => {
                bytes = vec![0; rng.random_range(1..200)];
                rng.fill_bytes(&mut bytes);
            }
            1 => {
                let at = rng.random_range(0..bytes.len());
                bytes[at] = rng.random();
            }
            _ => bytes.truncate(rng.random_range(0..bytes.len())),
        }
        if round % 9 == 0 {
            // What comes after the preface of HTTP/2.
            bytes = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &bytes].concat();
            let mut client = Client::connect(server.address()).await;
            client.send(&bytes).await;
            client.finish().await;
            client.end().await;
        } else {
            let status = provoke(server.address(), &bytes).await;
            assert!([0, 200, 400, 404, 405].contains(&status), "{status} for {bytes:?}");
        }
    }
    assert_eq!(get(server.address(), LIST).await.status, 200);
    let metrics = get(server.control_address().unwrap(), "/metrics").await.body;
    assert!(metrics.contains("mirrormanager_serve_panics_total 0\n"), "{metrics}");
}
