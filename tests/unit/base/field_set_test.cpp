#include "router/base/field_set.hpp"

#include <stdexcept>

#include "router/base/limits.hpp"
#include "tests/support/catch.hpp"

using weir::FieldPath;
using weir::FieldSet;
using weir::Metadata;

TEST_CASE("the same path has the same slot", "[base]") {
  FieldSet fields;
  const auto level = fields.add({.keys = {"level"}});
  const auto status = fields.add({.keys = {"http", "status"}});
  CHECK(level != status);
  CHECK(fields.add({.keys = {"level"}}) == level);
  CHECK(fields.size() == 2);
}

TEST_CASE("metadata and an event's own field of that name are two things", "[base]") {
  FieldSet fields;
  const auto ours = fields.add(FieldPath::of(Metadata::Source));
  const auto theirs = fields.add({.keys = {"_source"}});
  CHECK(ours != theirs);
  CHECK(to_string(fields.paths()[ours]) == "_source");
  CHECK(to_string(fields.paths()[theirs]) == "event[\"_source\"]");
}

TEST_CASE("a path is written as a condition would have it", "[base]") {
  CHECK(to_string(FieldPath{.keys = {"http", "status"}}) == "http.status");
  CHECK(to_string(FieldPath{.keys = {"labels", "a-b"}}) == "labels[\"a-b\"]");
  CHECK(to_string(FieldPath{.keys = {"odd \"name"}}) == "event[\"odd \\\"name\"]");
  CHECK(to_string(FieldPath{.keys = {"event", "kind"}}) == "event[\"event\"].kind");
}

TEST_CASE("there is a limit on the number of fields", "[base]") {
  FieldSet fields;
  for (std::size_t i = 0; i < weir::limits::kFieldsMax; ++i) {
    fields.add({.keys = {std::to_string(i)}});
  }
  CHECK_THROWS_AS(fields.add({.keys = {"one more"}}), std::length_error);
}
