#include "router/ingest/http_part.hpp"

#include "router/ingest/http_connection.hpp"

namespace weir {

void HttpPart::watch_gate() {
  if (watches_gate) return;
  watches_gate = true;
  intake.gate().wait([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->watches_gate = false;
    for (HttpConnection* const connection : self->connections) connection->wake();
  });
}

}  // namespace weir
