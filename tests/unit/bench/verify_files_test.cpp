#include "router/bench/verify_files.hpp"

#include "config/error.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

TEST_CASE("order is judged within each file, and none is glued to the next", "[bench]") {
  const weir::test::TempDir dir;
  const Lines lines = json_events(1, 10);
  Lines even;
  Lines odd;
  for (std::size_t i = 0; i < 10; ++i) (i % 2 == 0 ? even : odd).push_back(lines[i]);
  const std::string bytes = joined(even);
  dir.write("even", bytes.substr(0, bytes.size() - 1));  // Without its last newline.
  dir.write("odd", joined(odd));
  CHECK(verify_files({dir / "even", dir / "odd"}, 10).all == Counts{.issued = 10, .delivered = 10});
  CHECK(verify_files({dir / "odd", dir / "even"}, {}).all == Counts{.issued = 10, .delivered = 10});

  std::swap(odd[1], odd[2]);
  dir.write("odd", joined(odd));
  CHECK(verify_files({dir / "even", dir / "odd"}, 10).all ==
        Counts{.issued = 10, .delivered = 10, .reordered = 1});
  CHECK_THROWS_AS(verify_files({dir / "none"}, 10), weir::ConfigError);
}
