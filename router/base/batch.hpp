#pragma once

// Event, Origin and Batch: what moves through the router.
//
// An Event is a view. Its bytes stay in the Block that the source read them into, and no stage
// copies them. A Batch holds a reference to every Block its Events look into, so an Event is valid
// for as long as a Batch that holds it.
//
// Beside its Events a Batch carries, for each, the columns that its sink asked for (fields and
// computed values, see SinkContext::column), and, once per read, the Origin they came from.
//
// Threads: a Batch has one owner at a time. It is moved from thread to thread and never shared.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "router/base/block.hpp"
#include "router/base/peer.hpp"
#include "router/base/receipt.hpp"
#include "router/base/value.hpp"

namespace weir {

enum class Format : std::uint8_t {
  Json,       ///< A JSON object, as far as it was looked into.
  Text,       ///< Anything else that the codec takes as text.
  Malformed,  ///< Meant to be JSON, but broken. Travels on byte-exact.
};

/// One log record. `data` may hold any bytes, NUL and invalid UTF-8 included.
struct Event {
  const char* data = nullptr;
  std::uint32_t size = 0;
  std::uint16_t origin = 0;  ///< Index into Batch::origins(); set by Batch::add.
  Format format = Format::Text;
  bool truncated : 1 = false;        ///< Cut at max_event_bytes.
  bool newline_follows : 1 = false;  ///< data[size] is '\n' and belongs to the same Block: data and
                                     ///< newline may be written in one piece.

  std::string_view bytes() const noexcept { return {data, size}; }
};
static_assert(sizeof(Event) == 16, "four Events to a cache line: every sink walks them");

/// Where and when the events of one read came in.
struct Origin {
  const std::string* source = nullptr;  ///< The source's name; outlives every Batch.
  std::int64_t received_ns = 0;         ///< Wall clock, since the epoch.
  Peer peer;                            ///< Unknown where nothing asks for it.
  ReceiptRef receipt;                   ///< Of a source that waits for the events' arrival.
};

/// Events that travel together to one sink, in the order in which they arrived.
class Batch {
 public:
  /// `column_count`: how many columns each event has.
  explicit Batch(std::size_t column_count = 0) noexcept : column_count_(column_count) {}
  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&&) noexcept = default;

  /// Starts a new read: events added from here on came from `origin`, and lie in `block`.
  void begin(const Origin& origin, const BlockRef& block);

  /// Room for so many events, so that the vector need not grow step by step.
  void reserve(std::size_t events) { events_.reserve(events); }

  /// Appends `event`. `columns` has column_count() values; transient ones are copied.
  /// Requires: begin() was called.
  void add(Event event, std::span<const Value> columns = {}) {
    event.origin = origin_;
    events_.push_back(event);
    byte_count_ += event.size;
    if (column_count_ != 0) add_columns(columns);
  }

  /// Copies all events into `block` and lets the present Blocks go.
  /// Requires: block->capacity() >= byte_count() + size().
  void move_into(const BlockRef& block);

  std::span<const Event> events() const& noexcept { return events_; }
  std::span<const Event> events() && = delete;  // Would outlive its Batch.

  /// The columns of the event at `index`, in the order in which the sink asked for them.
  std::span<const Value> columns(std::size_t index) const& noexcept {
    return {columns_.data() + index * column_count_, column_count_};
  }
  std::span<const Value> columns(std::size_t index) && = delete;
  std::size_t column_count() const noexcept { return column_count_; }

  const Origin& origin(const Event& event) const& noexcept { return origins_[event.origin]; }
  std::span<const Origin> origins() const& noexcept { return origins_; }

  bool empty() const noexcept { return events_.empty(); }
  std::size_t size() const noexcept { return events_.size(); }

  /// True where begin() may not be called any more: an Event's origin has 16 bits.
  bool full_of_origins() const noexcept { return origins_.size() >= 65535; }

  /// The sum of the events' sizes: what batch limits are measured in.
  std::size_t byte_count() const noexcept { return byte_count_; }

  /// The Blocks that this Batch keeps in memory, each once, in order of arrival.
  std::span<const BlockRef> blocks() const& noexcept { return blocks_; }

  /// True where somebody waits for one of its events with that Ack.
  bool awaits(Ack ack) const noexcept;

  /// A second view of the same events, without columns and receipts.
  Batch view() const;

  /// A second view of the same events, without columns, that takes those receipts along which wait
  /// for Ack::Durable: what a spool gets while the events are delivered from memory.
  Batch split_durable();

  /// Where an origin has no receipt it gets that of `view`, which is one of this batch.
  void share_receipts(const Batch& view);

  /// Moves the receipts that wait for `ack` out of it.
  void take_receipts(Ack ack, std::vector<ReceiptRef>& to);

  /// Gives an origin its receipt back. Requires: index < origins().size().
  void attach(std::size_t origin, ReceiptRef receipt) noexcept {
    origins_[origin].receipt = std::move(receipt);
  }

  /// Nobody will deliver it: sources that wait for its arrival are not to take it for answered.
  void forsake() const noexcept;

  /// All of it was dropped for `reason`: tells whoever waits for its arrival.
  void refuse(Reason reason) const noexcept;
  /// The same of one event.
  void refuse(std::size_t index, Reason reason) const noexcept;

  /// Takes out every event for whose index `goes` holds; columns stay with theirs. With the last
  /// event of an origin its receipt goes. The Blocks stay: see move_into(). Returns how many went.
  template <class Goes>
  std::size_t remove_if(Goes goes) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (!goes(i)) move_event(i, kept++);
    }
    return cut_after(kept);
  }

  /// Bytes of memory beside the Blocks.
  std::size_t overhead_bytes() const noexcept;

  /// When the first of its events came in; 0 for an empty Batch.
  std::int64_t oldest_received_ns() const noexcept {
    return origins_.empty() ? 0 : origins_.front().received_ns;
  }

 private:
  void add_columns(std::span<const Value> columns);
  Value keep(const Value& transient);
  void move_event(std::size_t from, std::size_t to) noexcept;
  std::size_t cut_after(std::size_t kept);

  std::vector<Event> events_;
  std::vector<Value> columns_;  // column_count_ for each event.
  std::vector<Origin> origins_;
  std::vector<BlockRef> blocks_;
  std::vector<std::unique_ptr<char[]>> kept_texts_;  // Copies of transient values.
  std::size_t kept_bytes_ = 0;
  std::size_t byte_count_ = 0;
  std::size_t column_count_;
  std::uint16_t origin_ = 0;  // Of the events that are being added.
};

}  // namespace weir
