//! Medians, the rows in which they are printed, what the kernel tells of a process, and a plain HTTP client.

use std::fmt::Write as _;
use std::{
    fmt::Display,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use rustix::process::Pid;

/// Times of repeated runs.
#[derive(Debug)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Of these runs, of which there is at least one.
    pub fn of(runs: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = runs.into_iter().collect();
        assert!(!times.is_empty(), "nothing was measured");
        times.sort_unstable();
        Self(times)
    }

    /// The one in the middle.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The least time that so many of a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        self.percentile(100)
    }
}

/// What is printed of a figure: its name, what came out, and what is aimed at.
pub fn row(name: &str, result: impl Display, target: &str) {
    println!("{name:<52} {:<40} {target}", result.to_string());
}

/// Median, 99th percentile and maximum, as one text.
pub fn spread(times: &Times) -> String {
    format!("{} (p99 {}, max {})", ms(times.median()), ms(times.percentile(99)), ms(times.max()))
}

/// Milliseconds with one decimal, or with three below one.
pub fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 1.0 { format!("{ms:.3} ms") } else { format!("{ms:.1} ms") }
}

/// What was measured, on which machine, how busy it was.
pub fn heading(of: &str) {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown CPU");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
    println!("{of}, lambdeck {}: {cores} cores, {model}, load before {load}\n", env!("CARGO_PKG_VERSION"));
    row("figure", "measured", "target");
}

/// What the kernel tells of a process.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Resident memory in kB.
    pub resident: u64,
    /// The part of it that belongs to no file: heap and stacks, in kB.
    pub anonymous: u64,
    /// How often its threads woke up: each sleep ends in a voluntary context switch.
    pub wakes: u64,
    /// CPU time in hundredths of a second.
    pub cpu: u64,
    /// Threads.
    pub threads: usize,
}

impl Usage {
    /// Of a process of this machine, which is Linux.
    pub fn of(pid: Pid) -> Self {
        let pid = pid.as_raw_nonzero();
        let status =
            fs::read_to_string(format!("/proc/{pid}/status")).expect("a process that runs, on Linux");
        let tasks: Vec<String> = fs::read_dir(format!("/proc/{pid}/task"))
            .unwrap()
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok())
            .collect();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // Behind the program's name, which may hold blanks: utime and stime are the 14th and 15th field.
        let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        Self {
            resident: field(&status, "VmRSS:"),
            anonymous: field(&status, "RssAnon:"),
            wakes: tasks.iter().map(|task| field(task, "voluntary_ctxt_switches:")).sum(),
            cpu: times.filter_map(|time| time.parse::<u64>().ok()).sum(),
            threads: tasks.len(),
        }
    }
}

fn field(status: &str, name: &str) -> u64 {
    let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    value.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Kilobytes as megabytes with one decimal.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn mb(kilobytes: u64) -> String {
    format!("{:.1} MB", kilobytes as f64 / 1024.0)
}

/// One connection to an HTTP server, kept open: as little between the server and the clock as there can be.
pub struct Connection {
    authority: String,
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to an endpoint such as `http://127.0.0.1:4566`.
    pub fn to(endpoint: &str) -> Self {
        let authority = endpoint.strip_prefix("http://").expect("an http endpoint").to_owned();
        let stream = TcpStream::connect(&authority).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { authority, stream: BufReader::with_capacity(64 * 1024, stream) }
    }

    /// Sends a request and reads the answer to its end: status and body.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        for (name, value) in headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        let _ = write!(request, "content-length: {}\r\n\r\n", body.len());
        let request = [request.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&request).unwrap();

        let (mut status, mut length) = (0, 0);
        let mut line = String::new();
        while self.stream.read_line(&mut line).unwrap() > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        (status, answer)
    }
}
