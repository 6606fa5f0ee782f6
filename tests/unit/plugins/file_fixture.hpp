#pragma once

// FileFixture: a file sink in a directory of its own, with calls that can be made to fail and a
// clock that the test sets.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugins/file/file.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/make_settings.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {

// 2026-11-21T21:39:42Z
inline constexpr std::int64_t kNow = 1'795'297'182'000'000'000;
inline constexpr std::int64_t kSecond = 1'000'000'000;

struct FileFixture {
  TempDir dir;
  FakeContext context;
  FakeOwner owner;
  std::shared_ptr<FailingIo> io = std::make_shared<FailingIo>();
  std::int64_t now_ns = kNow;

  /// `path` is relative to the fixture's directory.
  std::unique_ptr<Sink> make(const std::string& path,
                             const std::map<std::string, std::string>& options = {}) {
    const Settings settings = make_settings(file::plugin().spec, dir / path, options);
    return file::make_sink(settings, context, io, [this] { return now_ns; });
  }

  /// One attempt, as a runner makes it: open, then write.
  FakeOwner::Settled attempt(Sink& sink, Batch batch) {
    if (const Result<void> opened = sink.open(); !opened) {
      return {.batch = std::move(batch), .ticket = 0, .fate = {.cause = opened.error()}};
    }
    sink.write(owner.deliver(std::move(batch)));
    if (owner.settled_count() == 0) sink.poll(std::chrono::milliseconds(0));
    return owner.take_last();
  }

  /// Attempts until the batch is delivered. Returns how many it took.
  std::size_t deliver(Sink& sink, Batch batch, std::size_t attempts_max = 1) {
    for (std::size_t attempts = 1;; ++attempts) {
      FakeOwner::Settled settled = attempt(sink, std::move(batch));
      INFO(settled.fate.cause.message());
      if (settled.fate.delivered) return attempts;
      REQUIRE(attempts < attempts_max);
      batch = std::move(settled.batch);
    }
  }
};

/// `count` events "PREFIX 0", "PREFIX 1", …
inline Batch numbered(BatchBuilder& builder, const std::string& prefix, int count, int first = 0) {
  for (int i = first; i < first + count; ++i) builder.line(prefix + " " + std::to_string(i));
  return builder.take();
}

inline std::string numbered_text(const std::string& prefix, int count, int first = 0) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += prefix + " " + std::to_string(i) + "\n";
  return text;
}

}  // namespace weir::test
