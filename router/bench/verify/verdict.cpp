#include "router/bench/verify/verdict.hpp"

#include "router/telemetry/printable.hpp"

namespace weir::bench {

std::string_view name_of(TroubleKind kind) noexcept {
  switch (kind) {
    case TroubleKind::Corrupted:
      return "corrupted";
    case TroubleKind::Torn:
      return "torn";
    case TroubleKind::Duplicated:
      return "duplicated";
    case TroubleKind::Reordered:
      return "reordered";
    case TroubleKind::Foreign:
      break;
  }
  return "foreign";
}

std::string to_text(const Trouble& trouble) {
  std::string text(name_of(trouble.kind));
  text += ": lane " + printable(trouble.lane) + ", line " + std::to_string(trouble.line);
  if (trouble.stream) text += ", stream " + std::to_string(*trouble.stream);
  if (trouble.sequence) text += ", sequence " + std::to_string(*trouble.sequence);
  return text + ": " + trouble.text;
}

}  // namespace weir::bench
