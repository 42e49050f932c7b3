// What every function of the C interface shares: errors and exceptions turned into text.

#ifndef CSENTENCEPIECE_GUARD_H
#define CSENTENCEPIECE_GUARD_H

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include <sentencepiece_processor.h>

namespace csp {

/// Stops the library from writing to standard error; only the first call does anything.
void silence();

/// A copy of `count` values in memory that C can free; NULL for none.
template <class Value>
Value *copied(const Value *values, size_t count) {
  if (count == 0) return nullptr;
  auto *memory = static_cast<Value *>(std::malloc(count * sizeof(Value)));
  if (memory == nullptr) throw std::bad_alloc();
  std::memcpy(memory, values, count * sizeof(Value));
  return memory;
}

/// A copy of a text, ended by NUL; NULL only when memory has run out.
inline char *text(std::string_view source) noexcept {
  auto *memory = static_cast<char *>(std::malloc(source.size() + 1));
  if (memory == nullptr) return nullptr;
  std::memcpy(memory, source.data(), source.size());
  memory[source.size()] = '\0';
  return memory;
}

/// Runs `body`, and returns its error or exception as text, or NULL if there was none.
template <class Body>
char *guarded(Body body) noexcept {
  try {
    const sentencepiece::util::Status status = body();
    if (status.ok()) return nullptr;
    return text(status.error_message());
  } catch (const std::exception &exception) {
    return text(exception.what());
  } catch (...) {
    return text("unknown C++ exception");
  }
}

}  // namespace csp

#endif
