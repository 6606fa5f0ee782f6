#include "config/placed_text.hpp"

#include <algorithm>

namespace weir {

PlacedText PlacedText::sub(std::size_t begin, std::size_t count) const {
  return {.text = text.substr(begin, count), .where = where.at(begin), .secret = secret};
}

std::string PlacedText::shown() const { return secret ? "\"***\"" : quoted(text); }

ConfigError PlacedText::error(const std::string& message, const std::string& hint,
                              std::size_t at) const {
  return ConfigError(where.at(at), message, hint);
}

void PlacedTextBuilder::add_step(const Location& where, bool stays) {
  if (steps_.steps.empty()) {
    where_ = where;
  } else if (const LocationSteps::Step& last = steps_.steps.back();
             !stays && !last.stays && last.line == where.line &&
             where.column == last.column + (text_.size() - last.offset)) {
    return;  // It follows from the last step.
  }
  steps_.steps.push_back({text_.size(), where.line, where.column, stays});
  steps_.line_texts.try_emplace(where.line, where.line_text);
}

void PlacedTextBuilder::copy(const PlacedText& from, std::size_t begin, std::size_t count) {
  if (count == 0) return;
  secret_ = secret_ || from.secret;
  bool stays = false;
  if (const auto& of = from.where.steps; of != nullptr) {
    const std::size_t base = from.where.offset + begin;
    auto step = std::upper_bound(
        of->steps.begin(), of->steps.end(), base,
        [](std::size_t wanted, const LocationSteps::Step& each) { return wanted < each.offset; });
    if (step != of->steps.begin()) stays = std::prev(step)->stays;
    add_step(from.where.at(begin), stays);
    for (; step != of->steps.end() && step->offset < base + count; ++step) {
      steps_.steps.push_back(
          {text_.size() + step->offset - base, step->line, step->column, step->stays});
      steps_.line_texts.insert(*of->line_texts.find(step->line));
    }
  } else {
    add_step(from.where.at(begin), stays);
  }
  text_.append(from.text, begin, count);
}

void PlacedTextBuilder::put(std::string_view text, const Location& where, bool secret) {
  if (text.empty()) return;
  secret_ = secret_ || secret;
  add_step(where, true);
  text_.append(text);
}

PlacedText PlacedTextBuilder::finish() && {
  PlacedText result{.text = std::move(text_), .where = std::move(where_), .secret = secret_};
  result.where.steps.reset();
  result.where.offset = 0;
  if (steps_.steps.size() > 1 || (steps_.steps.size() == 1 && steps_.steps.front().stays)) {
    result.where.steps = std::make_shared<const LocationSteps>(std::move(steps_));
  }
  return result;
}

}  // namespace weir
