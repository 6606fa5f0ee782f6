#include "config/route.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/expression_scanner.hpp"
#include "config/url.hpp"

namespace weir {
namespace {

PlacedText trimmed(const PlacedText& text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = std::min(text.text.find_first_not_of(kBlanks), text.text.size());
  const std::size_t last = text.text.find_last_not_of(kBlanks);
  const std::size_t end = last == std::string::npos ? begin : last + 1;
  return text.sub(begin, end - begin);
}

/// Where the last `->` outside of string literals stands; npos if there is none.
std::size_t find_arrow(const PlacedText& written) {
  std::size_t arrow = std::string::npos;
  ExpressionScanner scanner;
  for (std::size_t i = 0; i < written.text.size();) {
    const std::size_t behind = skip_reference(written, i);
    if (behind != i) {
      i = behind;
      continue;
    }
    if (!scanner.inside_literal() && written.text.compare(i, 2, "->") == 0) arrow = i;
    i = scanner.advance(written.text, i);
  }
  return arrow;
}

/// Builds one RouteConfig.
class RouteReader {
 public:
  RouteReader(const RouteDraft& draft, const SinkNames& sinks, Interpolator& interpolator)
      : draft_(draft), sinks_(sinks), interpolator_(interpolator) {
    route_.name = draft.name;
    route_.when_location = draft.where;
  }

  RouteConfig read() {
    if (draft_.is_arrow) {
      read_arrow(draft_.node.text());
    } else {
      read_mapping(draft_.node);
    }
    return std::move(route_);
  }

 private:
  void read_arrow(const PlacedText& written) {
    const std::size_t arrow = find_arrow(written);
    if (arrow == std::string::npos) {
      throw written.error("a route names its sinks behind an arrow",
                          "write: condition -> sink, sink   (every event: -> sink)");
    }
    set_when(trimmed(written.sub(0, arrow)));
    const PlacedText to = trimmed(written.sub(arrow + 2));
    if (to.text.empty()) throw to.error("there is no sink behind the arrow", sinks_hint());
    for (const PlacedText& name : split_list(to, ',')) add_sink(trimmed(name));
  }

  void read_mapping(const NodeView& node) {
    if (!node.is(NodeKind::Mapping)) {
      throw node.error(
          fmt::format("a route is a mapping with when and to, not {}", to_string(node.kind())),
          "write {when: condition, to: sink}, or {to: sink} for every event");
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      const PlacedText key = node.key(i).text();
      if (key.text == "when") {
        set_when(scalar(node.value(i), "when is a condition"));
      } else if (key.text == "to") {
        read_to(node.value(i));
      } else {
        static const std::vector<std::string> kKeys{"when", "to"};
        throw key.error(fmt::format("unknown key {} in route {}", key.shown(), quoted(draft_.name)),
                        suggest(key.text, kKeys));
      }
    }
    if (route_.to.empty()) {
      throw ConfigError(draft_.where, fmt::format("route {} has no \"to\"", quoted(draft_.name)),
                        sinks_hint());
    }
  }

  void read_to(const NodeView& node) {
    if (!node.is(NodeKind::List)) {
      add_sink(scalar(node, "to is a sink's name or a list of them"));
      return;
    }
    if (node.size() == 0) throw node.error("to is an empty list", sinks_hint());
    for (std::size_t i = 0; i < node.size(); ++i) {
      add_sink(scalar(node.item(i), "an item of to is a sink's name"));
    }
  }

  static PlacedText scalar(const NodeView& node, std::string_view expected) {
    if (node.is(NodeKind::Scalar)) return node.text();
    throw node.error(fmt::format("{}, not {}", expected, to_string(node.kind())));
  }

  void set_when(const PlacedText& written) {
    PlacedText when = interpolator_.expression(written);
    route_.when_is_secret = when.secret;
    route_.when = std::move(when.text);
    route_.when_location = std::move(when.where);
  }

  void add_sink(const PlacedText& written) {
    const PlacedText name = interpolator_.text(written);
    if (!sinks_.contains(name.text)) {
      throw name.error(fmt::format("there is no sink {}", name.shown()),
                       name.secret ? "" : suggest(name.text, sinks_.all()));
    }
    if (std::find(route_.to.begin(), route_.to.end(), name.text) != route_.to.end()) {
      throw name.error(fmt::format("the sink {} is named twice", name.shown()));
    }
    route_.to.push_back(name.text);
  }

  std::string sinks_hint() const {
    if (sinks_.all().empty()) return "";
    return fmt::format("name a sink, such as {}", sinks_.all().front());
  }

  const RouteDraft& draft_;
  const SinkNames& sinks_;
  Interpolator& interpolator_;
  RouteConfig route_;
};

}  // namespace

SinkNames::SinkNames(std::vector<std::string> names)
    : names_(std::move(names)), known_(names_.begin(), names_.end()) {}

RouteConfig read_route(const RouteDraft& draft, const SinkNames& sinks,
                       Interpolator& interpolator) {
  return RouteReader(draft, sinks, interpolator).read();
}

}  // namespace weir
