#include "router/spool/record.hpp"

#include <algorithm>
#include <cstring>

namespace weir::spool {
namespace {

// u32 events, u16 origins, u16 sources.
constexpr std::size_t kCountsBytes = 8;
// i64 received, u16 source, u8 kind of peer, u8 0, u16 port, u16 0, u32 process, 16 of address.
constexpr std::size_t kOriginBytes = 36;
// u32 size, u16 origin, u8 format, u8 flags.
constexpr std::size_t kEventBytes = 8;
constexpr unsigned kTruncated = 1;

template <class Number>
void put(std::vector<char>& to, Number number) {
  const auto* bytes = reinterpret_cast<const char*>(&number);
  to.insert(to.end(), bytes, bytes + sizeof number);
}

/// Takes numbers and texts off the front of a payload; after one that is not there, nothing more.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) noexcept : rest_(rest) {}

  template <class Number>
  Number number() noexcept {
    Number number{};
    const std::string_view bytes = text(sizeof number);
    if (ok_) std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  }

  std::string_view text(std::size_t size) noexcept {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  bool ok() const noexcept { return ok_; }
  std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void put_origin(const Origin& origin, std::uint16_t source, std::vector<char>& to) {
  put(to, origin.received_ns);
  put(to, source);
  put(to, static_cast<std::uint8_t>(origin.peer.kind));
  put(to, std::uint8_t{0});
  put(to, origin.peer.port);
  put(to, std::uint16_t{0});
  put(to, origin.peer.process_id);
  to.insert(to.end(), origin.peer.address.begin(), origin.peer.address.end());
}

bool read_origin(Cursor& cursor, std::span<const std::string* const> sources, Origin& origin) {
  origin.received_ns = cursor.number<std::int64_t>();
  const auto source = cursor.number<std::uint16_t>();
  const auto kind = cursor.number<std::uint8_t>();
  cursor.number<std::uint8_t>();
  origin.peer.port = cursor.number<std::uint16_t>();
  cursor.number<std::uint16_t>();
  origin.peer.process_id = cursor.number<std::uint32_t>();
  const std::string_view address = cursor.text(origin.peer.address.size());
  if (!cursor.ok() || source >= sources.size()) return false;
  if (kind > static_cast<std::uint8_t>(Peer::Kind::Process)) return false;
  std::memcpy(origin.peer.address.data(), address.data(), address.size());
  origin.peer.kind = static_cast<Peer::Kind>(kind);
  origin.source = sources[source];
  return true;
}

}  // namespace

std::size_t events_for_frame(const Batch& batch, std::size_t first,
                             std::size_t bytes_max) noexcept {
  const std::span<const Event> events = batch.events();
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (std::size_t i = first; i < events.size(); ++i, ++count) {
    bytes += events[i].size + kEventBytes + 1;
    if (bytes > bytes_max && count != 0) break;
  }
  return count;
}

std::size_t payload_bytes_max(const Batch& batch, std::size_t first, std::size_t count) noexcept {
  std::size_t bytes = kCountsBytes;
  for (const Event& event : batch.events().subspan(first, count)) {
    bytes += event.size + kEventBytes + 1;
  }
  for (const Origin& origin : batch.origins()) {
    bytes += kOriginBytes + sizeof(std::uint16_t) + origin.source->size();
  }
  return bytes;
}

void append_payload(const Batch& batch, std::size_t first, std::size_t count,
                    std::vector<char>& to) {
  const std::span<const Event> events = batch.events().subspan(first, count);
  const auto [least, most] =
      std::minmax_element(events.begin(), events.end(),
                          [](const Event& a, const Event& b) { return a.origin < b.origin; });
  const std::size_t first_origin = least->origin;
  const auto origins = batch.origins().subspan(first_origin, most->origin - first_origin + 1U);

  std::vector<const std::string*> sources;  // A handful: a batch of one shard.
  std::vector<std::uint16_t> source_of;
  for (const Origin& origin : origins) {
    auto at = std::find(sources.begin(), sources.end(), origin.source);
    if (at == sources.end()) at = sources.insert(at, origin.source);
    source_of.push_back(static_cast<std::uint16_t>(at - sources.begin()));
  }
  put(to, static_cast<std::uint32_t>(count));
  put(to, static_cast<std::uint16_t>(origins.size()));
  put(to, static_cast<std::uint16_t>(sources.size()));
  for (const std::string* source : sources) {
    const auto size = static_cast<std::uint16_t>(std::min<std::size_t>(source->size(), 0xFFFF));
    put(to, size);
    to.insert(to.end(), source->begin(), source->begin() + size);
  }
  for (std::size_t i = 0; i < origins.size(); ++i) put_origin(origins[i], source_of[i], to);
  for (const Event& event : events) {
    put(to, event.size);
    put(to, static_cast<std::uint16_t>(event.origin - first_origin));
    put(to, static_cast<std::uint8_t>(event.format));
    put(to, static_cast<std::uint8_t>(event.truncated ? kTruncated : 0));
  }
  for (const Event& event : events) {
    to.insert(to.end(), event.data, event.data + event.size);
    to.push_back('\n');
  }
}

std::size_t origin_count(std::string_view payload) noexcept {
  Cursor cursor(payload);
  cursor.number<std::uint32_t>();
  return cursor.number<std::uint16_t>();
}

std::optional<std::pair<std::int64_t, std::int64_t>> received_times(std::string_view payload) {
  Cursor cursor(payload);
  cursor.number<std::uint32_t>();
  const auto origins = cursor.number<std::uint16_t>();
  const auto sources = cursor.number<std::uint16_t>();
  for (std::size_t i = 0; i < sources && cursor.ok(); ++i) {
    cursor.text(cursor.number<std::uint16_t>());
  }
  std::optional<std::pair<std::int64_t, std::int64_t>> times;
  for (std::size_t i = 0; i < origins; ++i) {
    const auto received = cursor.number<std::int64_t>();
    cursor.text(kOriginBytes - sizeof received);
    if (!cursor.ok()) return std::nullopt;
    if (!times) times.emplace(received, received);
    times->first = std::min(times->first, received);
    times->second = std::max(times->second, received);
  }
  return times;
}

namespace {

/// Checks the whole table before the first event is added.
bool events_fit(std::string_view table, std::string_view bytes, std::size_t origins) noexcept {
  std::size_t used = 0;
  Cursor cursor(table);
  while (!cursor.rest().empty()) {
    used += std::size_t{cursor.number<std::uint32_t>()} + 1;
    if (used > bytes.size() || bytes[used - 1] != '\n') return false;
    if (cursor.number<std::uint16_t>() >= origins) return false;
    if (cursor.number<std::uint8_t>() > static_cast<std::uint8_t>(Format::Malformed)) return false;
    cursor.number<std::uint8_t>();
  }
  return used == bytes.size();
}

}  // namespace

bool read_payload(std::string_view payload, std::uint32_t event_count, const BlockRef& block,
                  SourceNames& names, ColumnSource* columns, Batch& batch) {
  Cursor cursor(payload);
  if (cursor.number<std::uint32_t>() != event_count) return false;
  const auto origin_count = cursor.number<std::uint16_t>();
  const auto source_count = cursor.number<std::uint16_t>();
  std::vector<const std::string*> sources;
  for (std::size_t i = 0; i < source_count && cursor.ok(); ++i) {
    const auto size = cursor.number<std::uint16_t>();
    sources.push_back(names.intern(cursor.text(size)));
  }
  std::vector<Origin> origins(cursor.ok() ? origin_count : 0);
  for (Origin& origin : origins) {
    if (!read_origin(cursor, sources, origin)) return false;
  }
  const std::string_view table = cursor.text(std::size_t{event_count} * kEventBytes);
  if (!cursor.ok() || !events_fit(table, cursor.rest(), origins.size())) return false;

  Cursor entries(table);
  const char* at = cursor.rest().data();
  std::size_t present = origins.size();
  for (std::uint32_t i = 0; i < event_count; ++i) {
    Event event{.data = at, .size = entries.number<std::uint32_t>()};
    const auto origin = entries.number<std::uint16_t>();
    event.format = static_cast<Format>(entries.number<std::uint8_t>());
    event.truncated = (entries.number<std::uint8_t>() & kTruncated) != 0;
    event.newline_follows = true;
    if (origin != present) batch.begin(origins[origin], block);
    present = origin;
    if (columns == nullptr) {
      batch.add(event);
    } else {
      batch.add(event, columns->columns(event, origins[origin]));
    }
    at += event.size + 1;
  }
  return true;
}

}  // namespace weir::spool
