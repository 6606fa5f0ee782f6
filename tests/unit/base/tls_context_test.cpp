#include "router/base/tls_context.hpp"

#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temp_dir.hpp"

using weir::TlsContext;
using weir::TlsFileError;
using weir::TlsFiles;
using weir::test::Authority;
using weir::test::Credentials;
using weir::test::TempDir;

namespace {

struct Files {
  Authority authority{"weir test"};
  Credentials own = authority.issue("DNS:localhost");
  TempDir directory;

  Files() {
    directory.write("cert.pem", own.cert);
    directory.write("key.pem", own.key);
    directory.write("ca.pem", authority.pem());
  }
  TlsFiles all() const {
    return {
        .cert = directory / "cert.pem", .key = directory / "key.pem", .ca = directory / "ca.pem"};
  }
};

/// What a server made from `files` is refused with.
TlsFileError refusal(const TlsFiles& files) {
  try {
    TlsContext::server(files);
  } catch (const TlsFileError& error) {
    return error;
  }
  return {TlsFileError::File::Ca, "it was not refused", ""};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_refused(const TlsFiles& files, TlsFileError::File file, const std::string& path,
                   const std::string& words) {
  const TlsFileError error = refusal(files);
  INFO(error.what());
  CHECK(error.file() == file);
  CHECK(contains(error.what(), path));
  CHECK(contains(error.what(), words));
  CHECK(error.hint() != "");
}

}  // namespace

TEST_CASE("certificate, key and authority are taken from their files") {
  const Files files;
  CHECK(TlsContext::server(files.all())->verifies());
  CHECK_FALSE(TlsContext::server({.cert = files.all().cert, .key = files.all().key})->verifies());
  CHECK(TlsContext::client({}, true)->verifies());
  CHECK_FALSE(TlsContext::client({}, false)->verifies());
}

TEST_CASE("the key may stand in the certificate's file, before or behind it") {
  const Files files;
  files.directory.write("behind.pem", files.own.cert + files.own.key);
  files.directory.write("before.pem", files.own.key + files.own.cert + files.authority.pem());
  CHECK(TlsContext::server({.cert = files.directory / "behind.pem"}) != nullptr);
  CHECK(TlsContext::server({.cert = files.directory / "before.pem"}) != nullptr);
  check_refused({.cert = files.directory / "cert.pem"}, TlsFileError::File::Cert, "cert.pem",
                "no private key");
}

TEST_CASE("a file that is missing or holds something else is told by its path") {
  const Files files;
  files.directory.write("empty.pem", "");
  const std::string gone = files.directory / "gone.pem";
  const std::string empty = files.directory / "empty.pem";
  using File = TlsFileError::File;
  TlsFiles wrong = files.all();
  SECTION("the certificate") {
    wrong.cert = gone;
    check_refused(wrong, File::Cert, gone, "No such file");
    wrong.cert = empty;
    check_refused(wrong, File::Cert, empty, "no certificate");
    wrong.cert = files.directory / "key.pem";
    check_refused(wrong, File::Cert, "key.pem", "no certificate");
  }
  SECTION("the key") {
    wrong.key = gone;
    check_refused(wrong, File::Key, gone, "No such file");
    wrong.key = empty;
    check_refused(wrong, File::Key, empty, "no private key");
  }
  SECTION("the authority") {
    wrong.ca = gone;
    check_refused(wrong, File::Ca, gone, "No such file");
    wrong.ca = files.directory / "key.pem";
    check_refused(wrong, File::Ca, "key.pem", "no certificate");
  }
  SECTION("a directory") {
    wrong.ca = files.directory.path().string();
    CHECK(contains(refusal(wrong).what(), "Is a directory"));
  }
}

TEST_CASE("a damaged certificate is not taken for the end of the list") {
  const Files files;
  std::string second = files.authority.pem();
  second[second.size() / 2] = '!';
  files.directory.write("cert.pem", files.own.cert + second);
  check_refused(files.all(), TlsFileError::File::Cert, "cert.pem", "cannot be read");
}

TEST_CASE("a key of another certificate is refused, and so is a locked one") {
  const Files files;
  files.directory.write("key.pem", files.authority.issue("DNS:localhost").key);
  check_refused(files.all(), TlsFileError::File::Key, "key.pem", "does not belong");
  files.directory.write("key.pem", weir::test::locked(files.own.key));
  check_refused(files.all(), TlsFileError::File::Key, "key.pem", "passphrase");
}

TEST_CASE("a context knows whether the files have changed") {
  const Files files;
  const auto before = TlsContext::server(files.all());
  CHECK(before->same_files(*TlsContext::server(files.all())));
  const Credentials renewed = files.authority.issue("DNS:localhost");
  files.directory.write("cert.pem", renewed.cert);
  files.directory.write("key.pem", renewed.key);
  CHECK_FALSE(before->same_files(*TlsContext::server(files.all())));
}
