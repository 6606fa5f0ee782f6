#pragma once

// What can be said of a request before its body is read.
//
// Included where the parser is: Beast's headers are heavy. Threads: any.

#include <optional>

#include "router/ingest/http_answer.hpp"
#include "router/ingest/http_parser.hpp"
#include "router/ingest/http_source_options.hpp"

namespace weir {

/// Why the request is refused; nothing where its body is to be read. In this order: 401 without the
/// token, 400 without one Host (RFC 9112 section 3.2), 405 for anything but POST and PUT, 501 for a
/// transfer coding but chunked, 411 without a length, 415 for a content coding but gzip and zstd,
/// 413 for a body of more than `body_bytes_max`, 400 for a key that is none, 417 for an expectation
/// but 100-continue. Requires: the header is done.
std::optional<HttpAnswer> refuse_by_head(const HttpParser& parser, const HttpSourceOptions& options,
                                         std::size_t body_bytes_max);

/// The request's Content-Encoding, which refuse_by_head() has let pass.
std::optional<Packing> packing_of(const HttpHead& head);

/// True where the sender waits to be told to send the body (RFC 9110 section 10.1.1).
bool awaits_continue(const HttpParser& parser);

}  // namespace weir
