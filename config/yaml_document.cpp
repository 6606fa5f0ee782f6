#include "config/yaml_document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <utility>

#include "config/secret_hider.hpp"
#include "config/yaml_tree_builder.hpp"

namespace weir {
namespace {

/// What is most often wrong in a line like this one.
std::string syntax_hint(std::string_view line) {
  if (line.find("when") != std::string_view::npos) {
    return "put the condition into single quotes: when: '…'";
  }
  if (line.starts_with('\t')) return "YAML is indented with spaces, not with tabs";
  if (line.find_first_of("{[") != std::string_view::npos) {
    return "inside of { } and [ ], text that holds any of : ? , { } [ ] is put into quotes";
  }
  return "";
}

ConfigError syntax_error(const SourceText& source, const YAML::Exception& error) {
  Location where = source.locate(1, 1);
  if (error.mark.is_null()) {
    where.line = 0;
  } else {
    where = source.locate(static_cast<std::size_t>(error.mark.line) + 1,
                          static_cast<std::size_t>(error.mark.column) + 1);
  }
  // yaml-cpp's own words are safe to show, but for those that name an anchor.
  const std::string message = error.msg.substr(0, error.msg.find_first_of(":\n"));
  return ConfigError(where, "this is not YAML: " + message, syntax_hint(where.line_text));
}

}  // namespace

Document read_yaml(std::string origin, std::string text, const SecretNames& secrets) {
  Document document{SourceText::file(std::move(origin), std::move(text), secrets), {}};
  std::istringstream in(document.source.text());
  TreeBuilder builder(document);
  try {
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    builder.expect_no_more();
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    throw syntax_error(document.source, error);
  }
  if (document.nodes.empty()) {
    document.nodes.push_back({.kind = NodeKind::Null, .line = 1, .column = 1});
  }
  hide_secrets(document, secrets);
  return document;
}

}  // namespace weir
