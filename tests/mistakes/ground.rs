//! The world of a case: its folder, and what its lines of set-up say.
//!
//! ```text
//!  folder NAME             an empty folder               link NAME TARGET   a symbolic link
//!  mode OCTAL NAME         permissions                   env NAME=VALUE     a variable of the environment
//!  small NAME SIZE         a file system of that size    input TEXT         comes in on standard input
//!  server KIND [WORD…]     a real server, as `tests/servers` starts it; what it prints is `{{KEY}}`
//!  bucket NAME             of the server `s3`            certificates       in `{{certs}}`: see `certificates.rs`
//!  silent                  `{{silent}}`: takes connections and says nothing
//!  talks TEXT              `{{talks}}`: says that to whoever connects
//!  stop after TEXT         SIGTERM as soon as that is said, and once more right behind
//! ```

use super::case::{Case, File};
use super::{certificates, clock};
use crate::support::folder::Folder;
use crate::support::server::script;
use engine::time::Clock;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// A prepared case.
pub(super) struct Ground {
    folder: Folder,
    words: Vec<String>,
    env: Vec<(String, String)>,
    input: String,
    /// Names and what they stand for.
    names: BTreeMap<String, String>,
    stop_after: Option<String>,
    /// The size of a file system, and where it is.
    small: Option<(String, String)>,
    said: Arc<Mutex<String>>,
}

/// What a command said.
pub(super) struct Done {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

/// The servers that run, by kind and words, with what they said of themselves.
static SERVERS: LazyLock<Mutex<BTreeMap<String, BTreeMap<String, String>>>> =
    LazyLock::new(Mutex::default);

/// Certificates, made when the first case asks for them.
static CERTIFICATES: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::new();
    certificates::make(folder.path());
    folder
});

impl Ground {
    pub(super) fn prepare(case: &Case) -> Self {
        let folder = Folder::new();
        let path = folder.path().to_str().unwrap().to_owned();
        let mut ground = Self {
            folder,
            words: Vec::new(),
            env: Vec::new(),
            input: String::new(),
            names: BTreeMap::from([("folder".to_owned(), path)]),
            stop_after: None,
            small: None,
            said: Arc::default(),
        };
        let (late, early): (Vec<_>, Vec<_>) =
            case.setup.iter().partition(|it| it.starts_with("mode ") || it.starts_with("link "));
        early.into_iter().for_each(|it| ground.set_up(it));
        for file in &case.files {
            let bytes = bytes(file, &ground.filled(&file.text));
            ground.folder.write(&file.name, bytes);
        }
        late.into_iter().for_each(|it| ground.set_up(it));
        ground.words = split(&ground.filled(&case.command));
        ground
    }

    fn set_up(&mut self, line: &str) {
        let line = self.filled(line);
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let pair = || rest.split_once(' ').unwrap_or_else(|| panic!("`{line}` has two parts"));
        let path = |name: &str| self.folder.path().join(name);
        match word {
            "folder" => std::fs::create_dir_all(path(rest)).unwrap(),
            "mode" => {
                let (mode, name) = pair();
                let mode = PermissionsExt::from_mode(u32::from_str_radix(mode, 8).unwrap());
                std::fs::set_permissions(path(name), mode).unwrap();
            }
            "link" => std::os::unix::fs::symlink(pair().1, path(pair().0)).unwrap(),
            "small" => self.small = Some((pair().1.to_owned(), pair().0.to_owned())),
            "env" => {
                let (name, value) = rest.split_once('=').unwrap();
                self.env.push((name.to_owned(), value.to_owned()));
            }
            "input" => rest.clone_into(&mut self.input),
            "server" => self.names.extend(server(rest)),
            "bucket" => {
                std::fs::create_dir_all(Path::new(&self.names["S3_DATA"]).join(rest)).unwrap();
            }
            "certificates" => {
                let certs = CERTIFICATES.path().to_str().unwrap().to_owned();
                self.names.insert("certs".to_owned(), certs);
            }
            "silent" => drop(self.names.insert("silent".to_owned(), listen(String::new()))),
            "talks" => drop(self.names.insert("talks".to_owned(), listen(format!("{rest}\r\n")))),
            "stop" => self.stop_after = Some(rest.strip_prefix("after ").unwrap().to_owned()),
            _ => panic!("`{line}` is no set-up"),
        }
    }

    /// A text with names replaced by what they stand for.
    fn filled(&self, text: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        };
        self.names.iter().fold(text.to_owned(), fill)
    }

    /// The other way round, for what differs from run to run.
    pub(super) fn plain(&self, text: &str) -> String {
        let mut names: Vec<_> = self.names.iter().filter(|(_, value)| value.len() > 3).collect();
        names.sort_by_key(|(name, value)| (std::cmp::Reverse(value.len()), *name));
        let text = names
            .iter()
            .filter(|(_, value)| *value != "127.0.0.1")
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(value.as_str(), &format!("{{{{{name}}}}}"))
            });
        let mut shown: Vec<String> = Vec::new();
        let mut table = false;
        for line in text.lines() {
            // How far a run has come when it breaks is another thing each time.
            table = line.starts_with("source ")
                || line.starts_with("sink ")
                || table && !line.is_empty();
            let counted =
                ["were taken by sinks", "were still inside"].iter().any(|it| line.contains(it));
            if !table && !counted {
                shown.push(timeless(line));
            }
        }
        shown.dedup_by(|one, other| one.is_empty() && other.is_empty());
        // Rows are decoded side by side.
        for rows in shown.chunk_by_mut(|one, other| is_sample(one) && is_sample(other)) {
            rows.sort();
        }
        shown.join("\n")
    }

    /// What it has said so far.
    pub(super) fn said(&self) -> String {
        self.plain(&self.said.lock().unwrap())
    }

    /// Runs it to its end; nothing if that does not come in time.
    pub(super) fn run(&self, patience: Duration) -> Option<Done> {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not want its input ends before it is written.
        drop(child.stdin.take().unwrap().write_all(self.input.as_bytes()));
        let out = Arc::new(Mutex::new(String::new()));
        let readers = [
            hear(child.stdout.take().unwrap(), &out),
            hear(child.stderr.take().unwrap(), &self.said),
        ];
        let ended = self.wait(&mut child, patience);
        let Some(code) = ended else {
            drop(child.kill());
            drop(child.wait());
            return None;
        };
        readers.into_iter().for_each(|it| it.join().unwrap());
        let (out, err) = (out.lock().unwrap().clone(), self.said.lock().unwrap().clone());
        Some(Done { code, out, err })
    }

    fn wait(&self, child: &mut Child, patience: Duration) -> Option<i32> {
        let clock = clock();
        let mut to_be_stopped = self.stop_after.as_deref();
        while clock.elapsed() < patience {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status.code().unwrap_or(-1));
            }
            if to_be_stopped.is_some_and(|it| self.said.lock().unwrap().contains(it)) {
                to_be_stopped = None;
                let id = child.id().to_string();
                for _ in 0..2 {
                    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
                    assert!(sent.success());
                }
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        None
    }

    /// The binary. Root may do everything, so it runs without the right to pass over permissions.
    fn command(&self) -> Command {
        let weir = env!("CARGO_BIN_EXE_weir");
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|it| owner(&it) == 0);
        let mut command = match &self.small {
            Some((size, name)) => {
                let mut command = Command::new("unshare");
                let mount = r#"mount -t tmpfs -o "size=$0" none "$1" && shift && exec "$@""#;
                command
                    .args(["--map-root-user", "--mount", "sh", "-c", mount, size, name])
                    .arg(weir);
                command
            }
            None if is_root => {
                let mut command = Command::new("setpriv");
                command.args(["--bounding-set", "-dac_override,-dac_read_search", weir]);
                command
            }
            None => Command::new(weir),
        };
        assert_eq!(self.words[0], "weir");
        command.args(&self.words[1..]).current_dir(self.folder.path());
        for name in ["WEIR_LOG", "NO_COLOR", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            command.env_remove(name);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn owner(of: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(of)
}

/// Reads on its own.
fn hear(
    mut from: impl Read + Send + 'static,
    to: &Arc<Mutex<String>>,
) -> std::thread::JoinHandle<()> {
    let to = Arc::clone(to);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            to.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    })
}

/// A server of this kind with these words: the one that runs, or a new one.
fn server(words: &str) -> BTreeMap<String, String> {
    let mut servers = SERVERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(facts) = servers.get(words) {
        return facts.clone();
    }
    let mut args: Vec<&str> = words.split(' ').collect();
    let name = format!("{}:mistakes-{}-{}", args[0], std::process::id(), servers.len());
    args[0] = &name;
    args.insert(0, "start");
    let said = script(&args);
    let pair = |line: &str| line.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
    let mut facts: BTreeMap<String, String> = said.lines().filter_map(pair).collect();
    facts.insert(" name".to_owned(), name);
    servers.insert(words.to_owned(), facts.clone());
    facts
}

/// Ends all of them.
pub(super) fn stop_servers() {
    let mut servers = SERVERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for facts in std::mem::take(&mut *servers).into_values() {
        script(&["reset", &facts[" name"]]);
    }
}

/// Listens until the process ends, and says this to everybody; its address.
fn listen(text: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for client in listener.incoming() {
            let Ok(mut client) = client else { continue };
            drop(client.write_all(text.as_bytes()));
            open.push(client);
        }
    });
    address
}

/// The bytes of a file, after what its words say.
fn bytes(file: &File, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for word in &file.words {
        bytes = match word.as_str() {
            "utf16" => {
                let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
                units.flat_map(u16::to_le_bytes).collect()
            }
            "bom" => [b"\xef\xbb\xbf", &bytes[..]].concat(),
            "crlf" => text.replace('\n', "\r\n").into_bytes(),
            "gzip" => {
                let to = Vec::new();
                let mut encoder = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
                encoder.write_all(&bytes).unwrap();
                encoder.finish().unwrap()
            }
            "hex" => {
                let digits = text.split_whitespace();
                digits.map(|it| u8::from_str_radix(it, 16).unwrap()).collect()
            }
            "cut" => bytes[..bytes.len() - bytes.len() / 3].to_vec(),
            other => panic!("a file is not `{other}`"),
        };
    }
    bytes
}

/// The words of a command line: blanks part them, quotes keep them together.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut quote, mut fresh) = (Vec::<String>::new(), None, true);
    for it in line.chars() {
        match (it, quote) {
            (' ', None) => fresh = true,
            ('"' | '\'', None) => {
                quote = Some(it);
                if std::mem::take(&mut fresh) {
                    words.push(String::new());
                }
            }
            (it, Some(end)) if it == end => quote = None,
            (it, _) => {
                if std::mem::take(&mut fresh) {
                    words.push(String::new());
                }
                words.last_mut().unwrap().push(it);
            }
        }
    }
    words
}

/// A line about an error row.
fn is_sample(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(stream, _)| stream.ends_with(".errors"))
}

/// A line without the time of day and how long a run took.
fn timeless(line: &str) -> String {
    let stamp = line.split(' ').next().unwrap_or_default();
    if stamp.len() > 19 && stamp.ends_with('Z') && stamp.starts_with("20") {
        return format!("{{{{time}}}}{}", &line[stamp.len()..]);
    }
    match line.split_once(" after ").and_then(|(head, rest)| Some((head, rest.split_once(" s")?.1)))
    {
        Some((head, rest)) if ["finished", "stopped", "failed"].contains(&head) => {
            format!("{head} after {{{{time}}}} s{rest}")
        }
        _ => match line.split_once(", when it was received") {
            Some((head, rest)) => {
                let head = head.rsplit_once(' ').map_or(head, |it| it.0);
                format!("{head} {{{{time}}}}, when it was received{rest}")
            }
            None => line.to_owned(),
        },
    }
}
