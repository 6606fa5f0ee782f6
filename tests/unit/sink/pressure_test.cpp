#include "router/sink/pressure.hpp"

#include <string>

#include "router/ingest/read_gate.hpp"
#include "tests/support/catch.hpp"

using weir::Pressure;
using weir::PressureLevel;
using weir::ReadGate;

TEST_CASE("where all can wait a queue is filled to its bound, and goes on at a half", "[sink]") {
  Pressure pressure;
  const auto level_at = [&](double fullness) {
    pressure.update(fullness);
    return pressure.level(false);
  };
  CHECK(level_at(0.99) == PressureLevel::None);
  CHECK(level_at(1) == PressureLevel::Full);
  CHECK(level_at(0.51) == PressureLevel::Full);
  CHECK(level_at(0.5) == PressureLevel::None);
  CHECK(level_at(0.99) == PressureLevel::None);
}

TEST_CASE("for those that cannot wait an eighth is kept", "[sink]") {
  Pressure pressure;
  const auto level_at = [&](double fullness) {
    pressure.update(fullness);
    return pressure.level(true);
  };
  CHECK(level_at(0.87) == PressureLevel::None);
  CHECK(level_at(0.875) == PressureLevel::High);
  CHECK(level_at(0.99) == PressureLevel::High);
  CHECK(level_at(1.5) == PressureLevel::Full);
  CHECK(level_at(0.9) == PressureLevel::Full);
  CHECK(level_at(0.875) == PressureLevel::High);
  CHECK(level_at(0.51) == PressureLevel::High);
  CHECK(level_at(0.5) == PressureLevel::None);
}

TEST_CASE("a change of pressure is told once", "[sink]") {
  Pressure pressure;
  CHECK(pressure.update(2).rises);
  CHECK_FALSE(pressure.update(2).rises);
  CHECK_FALSE(pressure.update(0.9).falls);
  CHECK(pressure.update(0.8).falls);
  CHECK_FALSE(pressure.update(0.8).falls);
  CHECK(pressure.update(0.1).falls);
  CHECK_FALSE(pressure.update(0.1).falls);
}

TEST_CASE("a gate that is half closed lets the urgent through, and opens for each in turn",
          "[ingest]") {
  ReadGate gate;
  std::string went;
  const auto all_wait = [&] {
    gate.wait([&] { went += "w"; });
    gate.wait([&] { went += "u"; }, ReadGate::Reader::Urgent);
  };
  CHECK(gate.open());
  gate.close(PressureLevel::High);
  CHECK_FALSE(gate.open());
  CHECK(gate.open(ReadGate::Reader::Urgent));
  gate.close(PressureLevel::Full);
  gate.close(PressureLevel::High);  // Opens nothing.
  CHECK_FALSE(gate.open(ReadGate::Reader::Urgent));
  all_wait();
  CHECK(went.empty());
  gate.set(PressureLevel::High);
  CHECK(went == "u");
  gate.set(PressureLevel::High);
  CHECK(went == "u");
  gate.set(PressureLevel::None);
  CHECK(went == "uw");
  CHECK(gate.open());
}

TEST_CASE("who waits at a gate may close it again", "[ingest]") {
  ReadGate gate;
  gate.close(PressureLevel::Full);
  int went = 0;
  gate.wait([&] {
    ++went;
    gate.close(PressureLevel::Full);
    gate.wait([&] { ++went; });
  });
  gate.set(PressureLevel::None);
  CHECK(went == 1);
  CHECK_FALSE(gate.open());
  gate.set(PressureLevel::None);
  CHECK(went == 2);
}
