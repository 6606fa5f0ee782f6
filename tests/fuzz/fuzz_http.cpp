// HTTP: what a connection may send, from the request line to the events of the body. How it is cut
// into reads must not matter, the memory that it takes is bounded and given back, and of what is
// refused nothing comes out. The first byte chooses the length of the reads, the second the rules
// for events.

#include "router/ingest/body_splitter.hpp"
#include "router/ingest/http_admission.hpp"
#include "router/ingest/http_body.hpp"
#include "router/ingest/http_parser.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/packed.hpp"

namespace {

using namespace weir;

constexpr std::size_t kBodyBytesMax = 64 * 1024;
constexpr std::size_t kShareBytes = 1024 * 1024;

/// What became of the requests of one connection, in words.
class Connection {
 public:
  Connection(std::size_t max_event_bytes, Oversize oversize) : limit_(max_event_bytes, oversize) {}

  std::string serve(std::string_view stream, std::size_t piece) {
    std::string rest;
    while (!stream.empty() && !ended_) {
      rest += stream.substr(0, piece);
      stream.remove_prefix(std::min(piece, stream.size()));
      for (std::size_t done = 1; done != 0 && !ended_;) {
        done = parse(rest);
        rest.erase(0, done);
      }
    }
    body_.reset();
    WEIR_ASSERT(share_.bytes_used() == 0 && budget_.bytes_used() == 0);
    return std::move(story_);
  }

 private:
  std::size_t parse(const std::string& rest) {
    if (parser_ == nullptr) parser_ = std::make_unique<HttpParser>();
    boost::system::error_code error;
    const std::size_t done = parser_->parse(rest, error);
    WEIR_ASSERT(done <= rest.size());
    if (body_ != nullptr && body_->fault() != HttpBody::Fault::None) return end("damaged;");
    if (error) return end("");  // Early or late: what is cut may look unfinished instead of wrong.
    if (parser_->is_header_done() && body_ == nullptr) {
      if (const auto refused = refuse_by_head(*parser_, options_, kBodyBytesMax)) {
        return end("refused " + std::to_string(refused->status) + ";");
      }
      body_ = std::make_unique<HttpBody>(share_, packing_of(parser_->head()), kBodyBytesMax);
      parser_->use(*body_);
      if (!parser_->is_done()) return done == 0 ? parse_on(rest) : done;
    }
    if (parser_->is_done()) finish();
    return done;
  }

  std::size_t parse_on(const std::string& rest) { return rest.empty() ? 0 : parse(rest); }

  std::size_t end(const std::string& how) {
    story_ += how;
    ended_ = true;
    return 0;
  }

  void finish() {
    if (body_->finish()) {
      story_ += take(parser_->head().content_type, body_->bytes());
    } else {
      end("damaged;");
    }
    body_.reset();
    parser_.reset();
  }

  std::string take(const std::string& type, std::string_view body) {
    JsonFault fault;
    const BodyForm form = form_of(type, body, fault);
    WEIR_ASSERT(fault.position <= body.size());
    if (fault) return "no JSON;";
    BodySplitter splitter(form, body, limit_);
    std::vector<Frame> frames;
    ReasonCounts lost;
    std::string story = "events";
    std::size_t bytes = 0;
    while (splitter.next(100, 10, frames, lost)) {
      for (const Frame& frame : frames) {
        WEIR_ASSERT(frame.size > 0 && frame.size <= limit_.max());
        WEIR_ASSERT(frame.data >= body.data());
        WEIR_ASSERT(frame.data + frame.size <= body.data() + body.size());
        bytes += frame.size;
        story += " " + std::string(frame.data, frame.size);
      }
      frames.clear();
    }
    WEIR_ASSERT(bytes <= body.size());
    WEIR_ASSERT(splitter.refused().size() <= splitter.refused_count());
    WEIR_ASSERT(splitter.refused_count() == lost.total());
    return story + ";";
  }

  MemoryBudget budget_{kShareBytes};
  MemoryShare share_{budget_, kShareBytes};
  const HttpSourceOptions options_;
  const SizeLimit limit_;
  std::unique_ptr<HttpParser> parser_;
  std::unique_ptr<HttpBody> body_;
  std::string story_;
  bool ended_ = false;
};

std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace

std::vector<std::string> weir::fuzz::seeds() {
  using namespace std::string_literals;
  const std::string json = "Content-Type: application/json\r\n";
  std::vector<std::string> seeds;
  for (const std::string& begin : {"\1\0"s, "\7\1"s, "\xFF\2"s, "\40\5"s}) {
    seeds.push_back(begin + post("", "one\r\ntwo\n\nthree"));
    seeds.push_back(begin + post(json, "[{\"a\":[1,{\"b\":\"]\\\"\"}]} , {}, 3]"));
    seeds.push_back(begin + post(json, "{\"a\":1}\n{\"b\":2}\n") + post(json, "{\"a\":\n{}}"));
    seeds.push_back(begin + post("Content-Encoding: gzip\r\n", test::gzipped("one\ntwo\n")));
    seeds.push_back(begin + post("Content-Encoding: zstd\r\n", test::zstd_packed("one\ntwo\n")));
    seeds.push_back(begin +
                    "PUT /x?y HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                    "Idempotency-Key: k\r\nExpect: 100-continue\r\n\r\n"
                    "3;a=b\r\none\r\nA\r\n two\nthree\r\n0\r\nT: x\r\n\r\n" +
                    post("", "more"));
    seeds.push_back(begin + "GET / HTTP/1.0\r\nAuthorization: Basic YTpi\r\n\r\n");
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr Oversize kPolicies[] = {Oversize::Truncate, Oversize::Drop, Oversize::Split};
  const std::size_t limit = data[1] % 2 == 0 ? 1000 : 5;
  const Oversize oversize = kPolicies[data[1] / 2 % 3];
  const std::string_view stream = weir::fuzz::text_of(data + 2, size - 2);
  const std::string whole = Connection(limit, oversize).serve(stream, stream.size());
  const std::string cut = Connection(limit, oversize).serve(stream, std::size_t{1} + data[0]);
  WEIR_ASSERT(cut == whole);
  return 0;
}
