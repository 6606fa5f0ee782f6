#include "plugins/forward/forward_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "plugins/forward/forward_error.hpp"
#include "router/forward/handshake.hpp"

namespace weir::forward {
namespace {

/// How long write() waits for room; then the rest is for poll(), and the runner gets a word in.
constexpr std::chrono::milliseconds kWriteWait{50};

constexpr std::size_t kProducerBytes = 16;

/// Takes a number and what follows it off the front.
bool take_number(std::string_view& text, std::uint64_t& number) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

ForwardSink::ForwardSink(ForwardSinkOptions options, FindAddresses find_addresses,
                         Credentials credentials, std::optional<socket::TlsDestination> tls,
                         ChunkMaker chunks, std::unique_ptr<Io> io)
    : options_(options),
      io_(std::move(io)),
      producer_(hexadecimal(random_bytes(kProducerBytes))),
      link_(*io_, std::move(find_addresses), std::move(credentials), std::move(tls)),
      chunks_(std::move(chunks)) {}

SinkTraits ForwardSink::traits() const noexcept {
  return {.deliveries_max = options_.max_in_flight};
}

Result<void> ForwardSink::open() {
  if (link_.is_open()) {
    const ErrorCode error = confirm();
    if (!error) return {};
    fail(error);
  }
  return link_.open(steady_now() + options_.connect_timeout, options_.ack_timeout);
}

std::string ForwardSink::name_of(std::uint64_t number, std::size_t chunk) const {
  return fmt::format("{}-{}-{}", producer_, number, chunk);
}

bool ForwardSink::parse_name(std::string_view name, std::uint64_t& number,
                             std::size_t& chunk) const noexcept {
  if (!name.starts_with(producer_)) return false;
  name.remove_prefix(producer_.size());
  std::uint64_t place = 0;
  if (!name.starts_with('-')) return false;
  name.remove_prefix(1);
  if (!take_number(name, number) || !name.starts_with('-')) return false;
  name.remove_prefix(1);
  if (!take_number(name, place) || !name.empty()) return false;
  chunk = static_cast<std::size_t>(place);
  return true;
}

/// Gives it the number and the acknowledgements that it had before, or a new number.
void ForwardSink::recall(const Batch& batch, Pending& pending) {
  pending.acknowledged.assign(pending.plans.size(), false);
  const BatchMark mark(batch);
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const Known& known) { return known.mark == mark; });
  if (found == known_.end()) {
    pending.number = ++last_number_;
  } else {
    pending.number = found->number;
    if (found->acknowledged.size() == pending.plans.size()) {
      pending.acknowledged = std::move(found->acknowledged);
    }
    known_.erase(found);
  }
  pending.left = static_cast<std::size_t>(
      std::count(pending.acknowledged.begin(), pending.acknowledged.end(), false));
}

void ForwardSink::write(Delivery delivery) {
  // The other side may have gone while there was nothing to lose: then one quiet try to reach it.
  if (pending_.empty() && link_.is_open() && confirm()) link_.close();
  Pending pending{.delivery = std::move(delivery),
                  .number = 0,
                  .plans = {},
                  .acknowledged = {},
                  .left = 0,
                  .sent_at = steady_now()};
  pending.plans = chunks_.plan(pending.delivery.batch());
  recall(pending.delivery.batch(), pending);
  if (pending.left == 0) return std::move(pending.delivery).delivered();
  pending_.push_back(std::move(pending));
  if (!link_.is_open()) {
    const Result<void> opened = open();
    if (opened.has_error()) return fail(opened.error());
  }
  advance_until(steady_now() + kWriteWait, [this] { return all_sent(); });
}

void ForwardSink::poll(std::chrono::milliseconds budget) {
  if (!link_.is_open() || pending_.empty()) return;
  const std::size_t before = pending_.size();
  // Back as soon as there is news, so that the runner can hand over more.
  advance_until(steady_now() + budget,
                [this, before] { return pending_.empty() || pending_.size() < before; });
}

void ForwardSink::close(SteadyTime deadline) noexcept {
  if (link_.is_open()) {
    advance_until(deadline, [this] { return pending_.empty(); });
  }
  fail({ETIMEDOUT, boost::system::system_category()});
}

/// Sends and confirms, waiting on the connection in between, until `is_done` or `deadline`. At
/// least once, whatever the time. Stops where the connection fails.
void ForwardSink::advance_until(SteadyTime deadline, const std::function<bool()>& is_done) {
  for (;;) {
    progress();
    const SteadyTime now = steady_now();
    if (is_done() || now >= deadline || !link_.is_open()) return;
    const auto left = std::chrono::ceil<std::chrono::microseconds>(deadline - now);
    link_.wait(!all_sent(), left);
  }
}

/// One round without waiting.
void ForwardSink::progress() {
  ErrorCode error = send();
  if (!error) error = confirm();
  if (error) return fail(error);
  if (pending_.empty() || (sending_ == 0 && unsent_.empty() && next_chunk_ == 0)) return;
  if (steady_now() - pending_.front().sent_at > options_.ack_timeout) {
    fail(make_error_code(ForwardError::AckTimeout));
  }
}

/// Sends what the kernel takes.
ErrorCode ForwardSink::send() {
  while (!all_sent()) {
    if (!unsent_.empty()) {
      const std::size_t before = unsent_.size();
      const ErrorCode error = link_.send(unsent_);
      if (error) return error;
      if (unsent_.size() != before) pending_[sending_].sent_at = steady_now();
      if (!unsent_.empty()) return {};
    }
    Pending& pending = pending_[sending_];
    while (next_chunk_ < pending.plans.size() && pending.acknowledged[next_chunk_]) ++next_chunk_;
    if (next_chunk_ == pending.plans.size()) {
      ++sending_;
      next_chunk_ = 0;
      continue;
    }
    if (!chunks_.make(pending.delivery.batch(), pending.plans[next_chunk_],
                      name_of(pending.number, next_chunk_), message_)) {
      return {ENOMEM, boost::system::system_category()};
    }
    ++next_chunk_;
    unsent_ = message_;
  }
  return {};
}

/// Settles what the other side has acknowledged.
ErrorCode ForwardSink::confirm() {
  answers_.clear();
  const ErrorCode error = link_.receive(answers_);
  for (const std::string& name : answers_) acknowledge(name);
  return error;
}

void ForwardSink::acknowledge(std::string_view name) {
  std::uint64_t number = 0;
  std::size_t chunk = 0;
  if (!parse_name(name, number, chunk)) return;  // Not ours, or of one that came back meanwhile.
  const auto found = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& each) { return each.number == number; });
  if (found == pending_.end() || chunk >= found->plans.size() || found->acknowledged[chunk]) return;
  const auto index = static_cast<std::size_t>(found - pending_.begin());
  // Nobody can have what was not sent.
  if (index > sending_ || (index == sending_ && chunk >= next_chunk_)) return;
  if (index == sending_ && chunk + 1 == next_chunk_ && !unsent_.empty()) return;
  found->acknowledged[chunk] = true;
  found->sent_at = steady_now();
  if (--found->left != 0) return;
  std::move(found->delivery).delivered();
  pending_.erase(found);
  if (index < sending_) {
    --sending_;
  } else {
    next_chunk_ = 0;
  }
}

/// Gives the connection up, and with it all that is not acknowledged, in order.
void ForwardSink::fail(ErrorCode cause) {
  link_.close();
  unsent_ = {};
  sending_ = 0;
  next_chunk_ = 0;
  while (!pending_.empty()) {
    Pending& pending = pending_.front();
    known_.push_back({.mark = BatchMark(pending.delivery.batch()),
                      .number = pending.number,
                      .acknowledged = std::move(pending.acknowledged)});
    if (known_.size() > options_.max_in_flight) known_.pop_front();
    std::move(pending.delivery).retry(cause);
    pending_.pop_front();
  }
}

}  // namespace weir::forward
