#pragma once

// What `weir spool` prints of a spool: one line, or one JSON object on one line, for each.

#include <iosfwd>
#include <string>
#include <vector>

#include "router/spool/spool_repair.hpp"
#include "router/spool/spool_survey.hpp"

namespace weir {

/// A spool below a data_dir.
struct FoundSpool {
  std::string sink;  ///< As the directory is named.
  std::string path;
};

/// Whether something is damaged, but not what: that is print_check()'s.
void list_as_text(const std::vector<FoundSpool>& spools, const std::vector<SpoolSurvey>& surveys,
                  std::ostream& out);
void list_as_json(const FoundSpool& spool, const SpoolSurvey& survey, std::ostream& out);

/// A line for each file, and one for the whole.
void print_check(const FoundSpool& spool, const SpoolSurvey& survey, std::ostream& out);

void print_repair(const FoundSpool& spool, const SpoolRepair& repair, std::ostream& out);

}  // namespace weir
