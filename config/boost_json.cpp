// Boost.JSON without its library: the package with the headers is enough. This is the one file of
// the program that holds its code.

#include <boost/json/src.hpp>
