#include "router/main/ledger_command.hpp"

#include <ostream>

#include "router/main/control_client.hpp"
#include "router/telemetry/ledger.hpp"
#include "router/telemetry/printable.hpp"

namespace weir {

int ledger_command(const LedgerCommand& command, std::ostream& out, std::ostream& errors) {
  try {
    const Balance balance = control_balance(command.control_socket);
    out << (command.json ? to_json(balance) + '\n' : to_text(balance)) << std::flush;
    return command.assert_balance && balance.imbalance() != 0 ? 1 : 0;
  } catch (const ControlError& error) {
    errors << "weir: " << printable(error.what()) << '\n';
    return 1;
  }
}

}  // namespace weir
