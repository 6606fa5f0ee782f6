#pragma once

// `weir ledger [--assert] [--json]`: where every event is.

#include <iosfwd>
#include <string>

namespace weir {

struct LedgerCommand {
  std::string control_socket;   ///< "" = the default.
  bool assert_balance = false;  ///< --assert
  bool json = false;            ///< --json: one object, as /ledger has it.
};

/// Prints the balance to `out`. Returns the exit code: 1 where no router answers (said on
/// `errors`), or where `assert_balance` is set and the books do not balance.
int ledger_command(const LedgerCommand& command, std::ostream& out, std::ostream& errors);

}  // namespace weir
