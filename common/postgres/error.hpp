#pragma once

#include <stdexcept>
#include <string>

#include "common/postgres/sqlstate.hpp"

namespace esteira::postgres {

// What PostgreSQL refused, or that it did not answer. Never holds a password or parameter values of
// ours, but `what()` is the server's own message and may quote a value of a row.
class Error : public std::runtime_error {
public:
    Error(const std::string& message, const std::string& sqlstate, std::string column = {})
        : Error(message, classify(sqlstate), sqlstate, std::move(column)) {}
    Error(const std::string& message, ErrorClass error_class, std::string sqlstate = {},
          std::string column = {})
        : std::runtime_error(message),
          error_class_(error_class),
          sqlstate_(std::move(sqlstate)),
          column_(std::move(column)) {}

    ErrorClass error_class() const { return error_class_; }
    const std::string& sqlstate() const { return sqlstate_; }  // Empty: there was no answer.
    const std::string& column() const { return column_; }      // Or the constraint; may be empty.

private:
    ErrorClass error_class_;
    std::string sqlstate_;
    std::string column_;
};

}  // namespace esteira::postgres
