#include "router/route/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "router/route/check.hpp"
#include "router/route/parser.hpp"
#include "router/route/program.hpp"
#include "router/route/program_builder.hpp"
#include "router/route/run.hpp"

namespace weir {

using route::Ast, route::Node, route::NodeId, route::NodeKind;

namespace {

/// Of a string or JSON text; enough to recognise it.
constexpr std::size_t kShownBytesMax = 120;

void append_visible(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (quoted && (c == '"' || c == '\\')) {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
}

bool joins_tests(NodeKind kind) noexcept {
  return kind == NodeKind::Not || kind == NodeKind::And || kind == NodeKind::Or ||
         kind == NodeKind::Conditional;
}

/// Recursion is bounded by limits::kConditionDepthMax.
void collect_tests(const Ast& ast, NodeId id, std::vector<NodeId>& tests) {
  if (!joins_tests(ast[id].kind)) {
    if (ast[id].kind != NodeKind::Constant) tests.push_back(id);
    return;
  }
  for (const NodeId child : ast[id].children) collect_tests(ast, child, tests);
}

void collect_fields(const Ast& ast, NodeId id, std::vector<NodeId>& fields) {
  if (ast[id].kind == NodeKind::Field) fields.push_back(id);
  for (const NodeId child : ast[id].children) collect_fields(ast, child, fields);
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

class Explainer {
 public:
  Explainer(const Ast& ast, const FieldSet& fields, std::span<const Value> row)
      : ast_(ast), fields_(fields), builder_(program_, fields_), row_(row) {}

  Finding explain(NodeId test) {
    Finding finding{.test = std::string(ast_.text_of(test)), .holds = false, .fields = {}};
    const route::Address entry = builder_.add_condition(ast_, test);
    finding.holds = program_.holds(entry, row_);
    std::vector<NodeId> nodes;
    collect_fields(ast_, test, nodes);
    for (const NodeId node : nodes) {
      std::string name = to_string(ast_.paths[ast_[node].path]);
      const bool known =
          std::any_of(finding.fields.begin(), finding.fields.end(),
                      [&](const Finding::Field& field) { return field.name == name; });
      if (known) continue;
      finding.fields.push_back({std::move(name), shown(row_[builder_.slot_of(ast_, node)])});
    }
    return finding;
  }

 private:
  const Ast& ast_;
  FieldSet fields_;
  route::Program program_;
  route::ProgramBuilder builder_;
  std::span<const Value> row_;
};

}  // namespace

std::vector<Finding> explain_condition(std::string_view condition, const FieldSet& fields,
                                       std::span<const Value> row) {
  Ast ast = route::parse(condition);
  route::check(ast);
  std::vector<NodeId> tests;
  collect_tests(ast, ast.root, tests);
  if (tests.empty()) tests.push_back(ast.root);  // A constant.
  std::vector<Finding> findings;
  Explainer explainer(ast, fields, row);
  for (const NodeId test : tests) findings.push_back(explainer.explain(test));
  return findings;
}

std::string shown(const Value& value) {
  std::string out;
  if (value.missing()) return "missing";
  if (value.type() != ValueType::String && value.type() != ValueType::Json) {
    value.append_to(out);
    return out;
  }
  const bool quoted = value.type() == ValueType::String;
  const std::string_view text = value.text();
  std::size_t end = std::min(text.size(), kShownBytesMax);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;  // Not through the middle of a character.
  }
  if (quoted) out += '"';
  append_visible(out, text.substr(0, end), quoted);
  if (quoted) out += '"';
  if (end < text.size()) out += "…";
  return out;
}

std::string to_string(const Finding& finding) {
  std::string out = fmt::format("{} → {}", finding.test, finding.holds);
  for (std::size_t i = 0; i < finding.fields.size(); ++i) {
    const Finding::Field& field = finding.fields[i];
    out += fmt::format("{}{} = {}", i == 0 ? " (" : ", ", field.name, field.value);
  }
  if (!finding.fields.empty()) out += ')';
  return out;
}

bool is_always(std::string_view when) noexcept { return trimmed(when).empty(); }
bool is_unmatched(std::string_view when) noexcept { return trimmed(when) == "unmatched"; }

}  // namespace weir
