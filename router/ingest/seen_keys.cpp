#include "router/ingest/seen_keys.hpp"

#include <openssl/evp.h>
#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "router/base/assert.hpp"

namespace weir {
namespace {

/// A file that is shorter is not worth to be written anew.
constexpr std::size_t kRewriteFrom = 1024;

KeyHash hash_of(std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  WEIR_ASSERT(::EVP_Digest(key.data(), key.size(), digest.data(), &size, ::EVP_sha256(), nullptr) ==
              1);
  KeyHash hash;
  std::memcpy(hash.data(), digest.data(), sizeof hash);
  return hash;
}

/// How many records the file may have where `live` of them count.
std::size_t records_max(std::size_t live) { return 2 * live + kRewriteFrom; }

}  // namespace

SeenKeys::SeenKeys(Limits limits, Clock clock) : clock_(clock), limits_(limits) {}

Result<std::unique_ptr<SeenKeys>> SeenKeys::open(Limits limits, const std::string& directory,
                                                 Io& io, Clock clock) {
  KeyFile::Found found;
  auto file = KeyFile::open(io, directory, records_max(limits.keys_max), found);
  if (!file) return file.error();
  auto keys = std::make_unique<SeenKeys>(limits, clock);
  keys->file_ = std::make_unique<KeyFile>(std::move(*file));
  keys->load(found);
  keys->writer_ = std::thread([&self = *keys] { self.write_until_stopped(); });
  ::pthread_setname_np(keys->writer_.native_handle(), "keys");
  return keys;
}

SeenKeys::~SeenKeys() {
  if (!writer_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  has_work_.notify_one();
  writer_.join();
}

std::int64_t SeenKeys::now_s() const noexcept { return clock_() / 1'000'000'000; }

void SeenKeys::load(const KeyFile::Found& found) {
  damaged_ = found.damaged;
  // From the newest on, as a key may have been seen, expired, and seen again.
  for (auto record = found.records.rbegin(); record != found.records.rend(); ++record) {
    if (confirmed_.size() >= limits_.keys_max) break;
    const Known known{State::Seen, record->refused_in_part};
    if (keys_.try_emplace(record->key, known).second) confirmed_.push_front(*record);
  }
  expire(now_s());
}

void SeenKeys::expire(std::int64_t now) {
  const std::int64_t oldest = now - limits_.age_max.count();
  while (!confirmed_.empty() &&
         (confirmed_.size() > limits_.keys_max || confirmed_.front().confirmed_s < oldest)) {
    keys_.erase(confirmed_.front().key);
    confirmed_.pop_front();
  }
}

void SeenKeys::use(Limits limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
  expire(now_s());
}

SeenKeys::State SeenKeys::begin(std::string_view key, bool* refused_in_part) {
  const KeyHash hash = hash_of(key);
  const std::lock_guard lock(mutex_);
  expire(now_s());
  if (const auto known = keys_.find(hash); known != keys_.end()) {
    if (refused_in_part != nullptr) *refused_in_part = known->second.refused_in_part;
    return known->second.state;
  }
  if (keys_.size() - confirmed_.size() >= limits_.keys_max) return State::Full;
  keys_.emplace(hash, Known{State::InFlight});
  return State::New;
}

void SeenKeys::forget(std::string_view key) {
  const KeyHash hash = hash_of(key);
  const std::lock_guard lock(mutex_);
  const auto known = keys_.find(hash);
  if (known != keys_.end() && known->second.state == State::InFlight) keys_.erase(known);
}

void SeenKeys::confirm(std::string_view key, OnConfirmed on_confirmed, bool refused_in_part) {
  const KeyRecord record{
      .key = hash_of(key), .confirmed_s = now_s(), .refused_in_part = refused_in_part};
  {
    const std::lock_guard lock(mutex_);
    if (file_ != nullptr) {
      pending_.push_back({record, std::move(on_confirmed)});
      has_work_.notify_one();
      return;
    }
    settle(record, State::Seen);
  }
  on_confirmed({});
}

/// Where it is Taken, it has its place among the confirmed already.
void SeenKeys::settle(const KeyRecord& record, State state) {
  const auto [known, is_new] = keys_.try_emplace(record.key, Known{State::InFlight});
  if (known->second.state == State::InFlight) confirmed_.push_back(record);
  if (known->second.state != State::Seen) known->second = {state, record.refused_in_part};
  expire(record.confirmed_s);
}

void SeenKeys::write_until_stopped() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
    if (pending_.empty()) return;
    const std::vector<Confirmation> batch = std::exchange(pending_, {});
    lock.unlock();
    const ErrorCode error = save(batch);
    lock.lock();
    for (const Confirmation& each : batch) {
      settle(each.record, error ? State::Taken : State::Seen);
    }
    lock.unlock();
    for (const Confirmation& each : batch) each.on_confirmed(error);
    lock.lock();
  }
}

/// On the writing thread, without the lock: others go on meanwhile.
ErrorCode SeenKeys::save(const std::vector<Confirmation>& batch) {
  std::vector<KeyRecord> records;
  std::unique_lock lock(mutex_);
  const bool is_long = file_->records() + batch.size() > records_max(confirmed_.size());
  bool rewrites = file_->broken() || is_long;
  if (rewrites) records.assign(confirmed_.begin(), confirmed_.end());
  lock.unlock();
  for (const Confirmation& each : batch) records.push_back(each.record);
  if (!rewrites) {
    if (!file_->append(records)) return {};
    lock.lock();
    records.insert(records.begin(), confirmed_.begin(), confirmed_.end());
    lock.unlock();
  }
  return file_->rewrite(records);
}

}  // namespace weir
