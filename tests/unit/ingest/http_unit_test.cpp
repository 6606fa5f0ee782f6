// A request's events on their way: what its sender is told, and when.

#include "router/ingest/http_unit.hpp"

#include <atomic>
#include <cerrno>

#include "router/ingest/http_answer.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using Outcome = HttpUnit::Outcome;

namespace {

struct Rig {
  Rig() = default;
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig() { outbox->close(); }

  boost::asio::io_context io;
  std::shared_ptr<HttpOutbox> outbox = std::make_shared<HttpOutbox>(io);
  std::shared_ptr<SeenKeys> keys = std::make_shared<SeenKeys>(SeenKeys::Limits{});

  std::shared_ptr<HttpUnit> unit(const std::string& key = "") {
    if (!key.empty()) CHECK(keys->begin(key) == SeenKeys::State::New);
    return std::make_shared<HttpUnit>(outbox, keys, key);
  }
};

/// Its keys are kept on a disk that has no room for them.
struct FullDiskRig : Rig {
  FullDiskRig() {
    auto opened = SeenKeys::open({}, dir / "keys", disk);
    REQUIRE(opened.has_value());
    keys = std::move(*opened);
    disk.fail = [this](std::string_view call) { return is_full && call == "writev" ? ENOSPC : 0; };
  }
  ~FullDiskRig() { keys.reset(); }  // It uses the disk.

  test::TempDir dir;
  test::FailingIo disk;
  std::atomic<bool> is_full{true};
};

}  // namespace

TEST_CASE("a unit is acknowledged when its last receipt goes", "[http]") {
  Rig rig;
  const auto unit = rig.unit("k");
  int told = 0;
  unit->on_outcome = [&] { ++told; };
  ReceiptRef receipt = unit->begin(Ack::Delivered);
  ReceiptRef in_a_batch = receipt;
  receipt = {};
  rig.io.poll();
  CHECK(unit->outcome() == Outcome::Underway);
  CHECK(rig.outbox->underway() == 1);
  in_a_batch->refused(Reason::TooLarge, 2);
  in_a_batch = {};
  CHECK(unit->outcome() == Outcome::Acknowledged);
  bool in_part = false;
  CHECK(rig.keys->begin("k", &in_part) == SeenKeys::State::Seen);
  CHECK(in_part);  // Who sends it again is not told that all of it has arrived.
  CHECK(rig.outbox->underway() == 0);
  CHECK(told == 0);
  rig.io.restart();
  rig.io.poll();
  CHECK(told == 1);
  CHECK(unit->undelivered()[Reason::TooLarge] == 2);
}

TEST_CASE("what was given up is to be sent again", "[http]") {
  Rig rig;
  const auto unit = rig.unit("k");
  { unit->begin(Ack::Durable)->forsake(); }
  CHECK(unit->outcome() == Outcome::GivenUp);
  CHECK(rig.keys->begin("k") == SeenKeys::State::New);
}

TEST_CASE("the key of a unit that was never begun, or refused whole, is free again", "[http]") {
  Rig rig;
  { const auto unit = rig.unit("k"); }
  CHECK(rig.outbox->underway() == 0);
  {
    const auto unit = rig.unit("k");
    const ReceiptRef receipt = unit->begin(Ack::Delivered);
    unit->note_nothing_taken();
  }
  CHECK(rig.keys->begin("k") == SeenKeys::State::New);
}

TEST_CASE("a key outlives who asked, and is seen though nobody waits any more", "[http]") {
  Rig rig;
  ReceiptRef receipt;
  {
    const auto unit = rig.unit("k");
    unit->on_outcome = [] { FAIL("nobody is there"); };
    receipt = unit->begin(Ack::Delivered);
    unit->on_outcome = {};
  }
  CHECK(rig.keys->begin("k") == SeenKeys::State::InFlight);
  receipt = {};
  rig.io.poll();
  CHECK(rig.keys->begin("k") == SeenKeys::State::Seen);
}

TEST_CASE("without a shard the outcome is there for whoever asks", "[http]") {
  Rig rig;
  const auto settled = rig.unit("a");
  ReceiptRef receipt = settled->begin(Ack::Delivered);
  receipt = {};  // Told to a shard that does not come to it.
  rig.outbox->close();
  const auto late = rig.unit("b");
  receipt = late->begin(Ack::Delivered);
  CHECK(late->await_outcome(steady_now()) == Outcome::Underway);
  receipt = {};
  CHECK(late->await_outcome(steady_now() + test::kPatience) == Outcome::Acknowledged);
  CHECK(settled->outcome() == Outcome::Acknowledged);
  CHECK(rig.io.poll() <= 1);
}

TEST_CASE("a key that the disk does not take is no acknowledgement", "[http]") {
  FullDiskRig rig;
  auto unit = rig.unit("k");
  { const ReceiptRef receipt = unit->begin(Ack::Delivered); }
  CHECK(unit->await_outcome(steady_now() + test::kPatience) == Outcome::KeyNotSaved);
  CHECK(unit->key_error() == ErrorCode(ENOSPC, boost::system::system_category()));
  CHECK(rig.keys->begin("k") == SeenKeys::State::Taken);
  rig.is_full = false;
  unit = std::make_shared<HttpUnit>(rig.outbox, rig.keys, "k");
  unit->save_key(false);
  CHECK(unit->await_outcome(steady_now() + test::kPatience) == Outcome::Acknowledged);
  bool in_part = true;
  CHECK(rig.keys->begin("k", &in_part) == SeenKeys::State::Seen);
  CHECK_FALSE(in_part);
}

TEST_CASE("in memory is all that ack=received waits for", "[http]") {
  Rig rig;
  const auto unit = rig.unit("k");
  unit->settle_received();
  CHECK(unit->outcome() == Outcome::Acknowledged);
  CHECK(rig.keys->begin("k") == SeenKeys::State::Seen);
}

TEST_CASE("a key says that its unit was refused in part, also where that was written late",
          "[http]") {
  FullDiskRig rig;
  auto unit = rig.unit("k");
  {
    const ReceiptRef receipt = unit->begin(Ack::Delivered);
    unit->note_refused_in_part();
  }
  CHECK(unit->await_outcome(steady_now() + test::kPatience) == Outcome::KeyNotSaved);
  rig.is_full = false;
  bool in_part = false;
  CHECK(rig.keys->begin("k", &in_part) == SeenKeys::State::Taken);
  CHECK(in_part);
  unit = std::make_shared<HttpUnit>(rig.outbox, rig.keys, "k");
  unit->save_key(in_part);
  CHECK(unit->await_outcome(steady_now() + test::kPatience) == Outcome::Acknowledged);
  CHECK(unit->refused_in_part());
  in_part = false;
  CHECK(rig.keys->begin("k", &in_part) == SeenKeys::State::Seen);
  CHECK(in_part);
  CHECK(duplicate_answer(true).status == 422);
  CHECK(duplicate_answer(false).status == 200);
}

TEST_CASE("a request that was taken in part into memory is known as that", "[http]") {
  Rig rig;
  const auto unit = rig.unit("k");
  unit->note_refused_in_part();
  unit->settle_received();
  bool in_part = false;
  CHECK(rig.keys->begin("k", &in_part) == SeenKeys::State::Seen);
  CHECK(in_part);
}

TEST_CASE("an answer names what was taken, what not, and why", "[http]") {
  CHECK(received_answer(7, false).status == 200);
  CHECK(received_answer(7, true).status == 202);
  CHECK(received_answer(7, true).body == "{\"received\":7}\n");
  BodySplitter splitter(BodyForm::Array, "[1,{},2]", SizeLimit(100, Oversize::Drop));
  std::vector<Frame> frames;
  ReasonCounts lost;
  CHECK(splitter.next(1000, 1000, frames, lost));
  ReasonCounts undelivered;
  CHECK(partial_answer(1, splitter, undelivered).body ==
        "{\"received\":1,\"refused\":2,\"events\":[{\"index\":0,\"reason\":\"not an object\"},"
        "{\"index\":2,\"reason\":\"not an object\"}]}\n");
  undelivered[Reason::BufferFull] = 3;
  undelivered[Reason::Rejected] = 1;
  const BodySplitter none(BodyForm::Lines, "", SizeLimit(100, Oversize::Drop));
  CHECK(partial_answer(9, none, undelivered).body ==
        "{\"received\":9,\"refused\":0,\"undelivered\":{\"buffer_full\":3,\"rejected\":1}}\n");
  CHECK(to_text(http_error(405, "no"), false, true) ==
        "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json\r\n"
        "Content-Length: 15\r\nAllow: POST, PUT\r\nConnection: keep-alive\r\n\r\n");
}
