#pragma once

// OptionSpec: one row of the one schema from which YAML keys, URL query parameters, environment
// variables, error messages, the JSON Schema and the reference of a source or sink are all made.

#include <string>
#include <vector>

namespace weir {

enum class OptionType {
  String,
  Integer,     ///< Not negative. "10000".
  Number,      ///< "0.5".
  Boolean,     ///< true, false.
  Size,        ///< Bytes: "64MiB", "1500", "1.5kB".
  Duration,    ///< "250ms", "10s", "5m", "1h".
  Choice,      ///< One of `choices`.
  Expression,  ///< A condition or computed value (contract: "Conditions"). Checked by its user.
  Strings,     ///< A list of strings; in a URL separated by commas.
  Numbers,     ///< A list of numbers; in a URL separated by commas.
  Objects,     ///< A list of mappings, each with the options in `members`. YAML only.
  Secret,      ///< A string shown as *** everywhere.
};

struct OptionSpec {
  /// "buffer"; "tls.cert" can also be written in a mapping: `tls: {cert: …}`. "headers.*" stands
  /// for all names that begin with "headers."; it is never required and has no default.
  std::string name;
  OptionType type = OptionType::String;
  std::string fallback;              ///< As the user would write it; "" = no default.
  std::string help;                  ///< One sentence.
  std::vector<std::string> choices;  ///< With OptionType::Choice.
  std::vector<OptionSpec> members;   ///< With OptionType::Objects.
  bool required = false;
};

/// What stands between the scheme and the options of a source's or sink's URL.
enum class AddressForm {
  None,      ///< A bare word: `stdin`, `blackhole`.
  HostPort,  ///< `tcp://0.0.0.0:5170`, `tcp://[::]:5170`, `tcp://:5170` (loopback).
  Path,      ///< `unix:///run/weir.sock`, `file:///var/log/{app}.log`: an absolute path.
  Brokers,   ///< `kafka://b1:9092,b2:9092/topic`.
};

/// A kind of source or sink, as the configuration sees it.
struct ComponentSpec {
  std::string scheme;  ///< "tcp", "unix+dgram", "file", "blackhole".
  AddressForm address = AddressForm::None;
  std::string help;  ///< One sentence for the reference.
  std::vector<OptionSpec> options;
};

}  // namespace weir
