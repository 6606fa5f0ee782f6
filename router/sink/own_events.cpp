#include "router/sink/own_events.hpp"

#include <cstring>

namespace weir {

bool OwnEvents::add(Batch& batch, const Origin& origin, std::string_view json) {
  const BlockRef block = pool_.acquire_exact(json.size() + 1);
  if (!block || batch.full_of_origins()) return false;
  std::memcpy(block->data(), json.data(), json.size());
  block->data()[json.size()] = '\n';
  const Event event{.data = block->data(),
                    .size = static_cast<std::uint32_t>(json.size()),
                    .format = Format::Json,
                    .newline_follows = true};
  batch.begin(origin, block);
  if (columns_ == nullptr || column_count_ == 0) {
    batch.add(event);
  } else {
    batch.add(event, columns_->columns(event, origin));
  }
  return true;
}

}  // namespace weir
