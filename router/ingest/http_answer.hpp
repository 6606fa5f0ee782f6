#pragma once

// HttpAnswer: what a request is answered with: a status and a line of JSON.
//
// Threads: any.

#include <cstdint>
#include <string>
#include <string_view>

#include "router/base/reason.hpp"
#include "router/ingest/body_splitter.hpp"

namespace weir {

struct HttpAnswer {
  unsigned status = 200;
  std::string body;  ///< JSON.
};

/// {"error":"…"}. Requires: `words` needs no escapes. Where the sender should try again it is told
/// so with Retry-After: 409, 429, 503.
HttpAnswer http_error(unsigned status, std::string_view words);

/// {"received":N} with 200, or 202 where they are no more than in memory.
HttpAnswer received_answer(std::uint64_t events, bool in_memory_only);

/// The key was answered before: nothing is taken again. 200 where all of it was acknowledged, 422
/// where some of it was refused.
HttpAnswer duplicate_answer(bool refused_in_part);

/// 422: what was taken; which events were not, and why; and for what reasons sinks have refused
/// events afterwards.
HttpAnswer partial_answer(std::uint64_t events, const BodySplitter& splitter,
                          const ReasonCounts& undelivered);

/// As it is sent. `with_body` false: to HEAD. `keep_alive`: another request may follow.
std::string to_text(const HttpAnswer& answer, bool with_body, bool keep_alive);

}  // namespace weir
