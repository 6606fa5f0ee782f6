#pragma once

// Result and ErrorCode: how the environment (a file, a socket, a broker) fails: by value.
// What goes wrong with an event is no error but a Reason: see reason.hpp.

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cerrno>

namespace weir {

using ErrorCode = boost::system::error_code;

template <class T>
using Result = boost::system::result<T>;  // A T, or an ErrorCode.

/// The calling thread's errno as an ErrorCode. Call it before anything else can change errno.
inline ErrorCode last_error() noexcept { return {errno, boost::system::system_category()}; }

}  // namespace weir
