// For builds under the thread sanitizer: the threads of C11, which librdkafka uses, by those of
// POSIX. GCC 12's sanitizer does not know the former: a thread that it has not seen begin crashes
// at its first malloc(), and a lock that it does not see makes a race of all that it guards.
//
// glibc's own are the same objects under other names, so they can be mixed.

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {

struct Begin {
  thrd_start_t function;
  void* argument;
};

void* run(void* given) {
  const std::unique_ptr<Begin> begin(static_cast<Begin*>(given));
  const std::intptr_t result = begin->function(begin->argument);
  return reinterpret_cast<void*>(result);
}

int answer(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case EBUSY:
      return thrd_busy;
    case ETIMEDOUT:
      return thrd_timedout;
    default:
      return thrd_error;
  }
}

pthread_mutex_t* mutex_of(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* cond_of(cnd_t* cond) { return reinterpret_cast<pthread_cond_t*>(cond); }

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto* const begin = new Begin{function, argument};  // The thread's, where there is one.
  const int error = ::pthread_create(thread, nullptr, run, begin);
  if (error != 0) delete begin;
  return answer(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  const int error = ::pthread_join(thread, &value);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return answer(error);
}

int thrd_detach(thrd_t thread) { return answer(::pthread_detach(thread)); }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  const bool recursive = (type & mtx_recursive) != 0;
  ::pthread_mutexattr_settype(&attributes,
                              recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  const int error = ::pthread_mutex_init(mutex_of(mutex), &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  return answer(error);
}
int mtx_lock(mtx_t* mutex) { return answer(::pthread_mutex_lock(mutex_of(mutex))); }
int mtx_trylock(mtx_t* mutex) { return answer(::pthread_mutex_trylock(mutex_of(mutex))); }
int mtx_unlock(mtx_t* mutex) { return answer(::pthread_mutex_unlock(mutex_of(mutex))); }
void mtx_destroy(mtx_t* mutex) { ::pthread_mutex_destroy(mutex_of(mutex)); }

int cnd_init(cnd_t* cond) { return answer(::pthread_cond_init(cond_of(cond), nullptr)); }
int cnd_signal(cnd_t* cond) { return answer(::pthread_cond_signal(cond_of(cond))); }
int cnd_broadcast(cnd_t* cond) { return answer(::pthread_cond_broadcast(cond_of(cond))); }
int cnd_wait(cnd_t* cond, mtx_t* mutex) {
  return answer(::pthread_cond_wait(cond_of(cond), mutex_of(mutex)));
}
int cnd_timedwait(cnd_t* cond, mtx_t* mutex, const timespec* until) {
  return answer(::pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), until));
}
void cnd_destroy(cnd_t* cond) { ::pthread_cond_destroy(cond_of(cond)); }

}  // extern "C"
