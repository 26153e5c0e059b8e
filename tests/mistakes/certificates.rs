//! Certificates of a plant, good and bad, made once by `openssl`.

use std::path::Path;
use std::process::Command;

/// ```text
///  ca.pem ca.key          the plant's authority         other-ca.pem  another one
///  server.pem server.key  for `localhost`, good         expired.pem   the same, until 2020
///  strange.pem strange.key  for `elsewhere.example`     client.pem client.key  for a client
///  old-client.pem         the client's, until 2020      locked.key    the client's, under a passphrase
/// ```
const SCRIPT: &str = r#"
set -eu
ca() { openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem"; }
ca ca; ca other-ca
cat >ca.conf <<END
[ca]
default_ca = plant
[plant]
database = index
new_certs_dir = .
serial = serial
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
END
: >index; echo 1000 >serial
sign() { # sign NAME KEY FROM UNTIL EXTENSIONS...
  local name=$1 key=$2 from=$3 until=$4; shift 4
  printf '%s\n' 'basicConstraints=CA:FALSE' "$@" >"$name.ext"
  openssl req -new -key "$key" -subj "/CN=$name" -out "$name.csr"
  openssl ca -batch -notext -config ca.conf -in "$name.csr" -out "$name.pem" -startdate "$from" -enddate "$until" -extfile "$name.ext"
}
for key in server strange client; do openssl genrsa -out "$key.key" 2048; done
now=20250101000000Z never=20451231000000Z then=20190101000000Z past=20200101000000Z
serves=extendedKeyUsage=serverAuth
asks=extendedKeyUsage=clientAuth
sign server server.key $now $never subjectAltName=DNS:localhost,IP:127.0.0.1 $serves
sign expired server.key $then $past subjectAltName=DNS:localhost,IP:127.0.0.1 $serves
sign strange strange.key $now $never subjectAltName=DNS:elsewhere.example $serves
sign client client.key $now $never $asks
sign old-client client.key $then $past $asks
openssl rsa -aes256 -passout pass:secret -in client.key -out locked.key
"#;

/// Makes them all.
pub(super) fn make(folder: &Path) {
    let made = Command::new("bash").args(["-c", SCRIPT]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
