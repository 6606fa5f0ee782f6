// Boost.JSON, compiled once for the whole program: the other files only declare it.

#include <boost/json/src.hpp>
