/** Which classes a pickle may name, beside those of globals.ts: exceptions, and what the application allows. */
import { ConfigurationError } from "../../protocol/errors.ts";

/** Exceptions of Python 3.8 to 3.14, Celery 5.2 to 5.7, and the kombu and billiard of those. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  builtins: `ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError
    BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError
    ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError Exception ExceptionGroup
    FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning
    IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError
    ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning
    PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError ResourceWarning RuntimeError
    RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError
    TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning
    UserWarning ValueError Warning ZeroDivisionError`,
  "celery.exceptions": `AlreadyRegistered AlwaysEagerIgnored BackendError BackendGetMetaError BackendStoreError
    CDeprecationWarning CPendingDeprecationWarning CeleryCommandException CeleryError CeleryWarning ChordError
    DuplicateNodenameWarning DuplicateTaskNameWarning FixupWarning Ignore ImproperlyConfigured IncompleteStream
    InvalidTaskError MaxRetriesExceededError NotConfigured NotRegistered QueueNotFound Reject Retry SecurityError
    SecurityWarning TaskError TaskPredicate TaskRevokedError TimeoutError WorkerShutdown WorkerTerminate`,
  "billiard.exceptions": `CoroStop RestartFreqExceeded SoftTimeLimitExceeded Terminated TimeLimitExceeded WorkerLostError`,
  "kombu.exceptions": `BatchPublishError ChannelLimitExceeded ConnectionLimitExceeded ContentDisallowed DecodeError
    EncodeError HttpError InconsistencyError KombuError LimitExceeded MessageStateError NotBoundError OperationalError
    SerializationError SerializerNotInstalled VersionMismatch`,
};

const EXCEPTION_PATHS: ReadonlySet<string> = new Set(
  Object.entries(EXCEPTIONS).flatMap(([module, names]) =>
    names.split(/\s+/).map((name) => `${module}.${name}`),
  ),
);

/** True for the exceptions that Python, Celery, kombu and billiard have. */
export function isKnownException(path: string): boolean {
  return EXCEPTION_PATHS.has(path);
}

/** Types that a pickle may name without calling them, as a value or as the factory of a defaultdict. */
const TYPES: ReadonlySet<string> = new Set(
  [
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "set",
    "str",
    "tuple",
  ]
    .concat(["Ellipsis", "NotImplemented", "range"])
    .map((name) => `builtins.${name}`)
    .concat(
      "collections.OrderedDict",
      "collections.defaultdict",
      "collections.deque",
      "decimal.Decimal",
      "uuid.UUID",
    ),
);

/** True for types that may stand as values by themselves. */
export function isKnownType(path: string): boolean {
  return TYPES.has(path) || EXCEPTION_PATHS.has(path);
}

/** Modules that Python 3 has under another name. Source: CPython's Lib/_compat_pickle.py. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ["__builtin__", "builtins"],
  ["exceptions", "builtins"],
  ["copy_reg", "copyreg"],
]);
const NAMES: ReadonlyMap<string, string> = new Map([
  ["builtins.xrange", "range"],
  ["builtins.unicode", "str"],
  ["builtins.long", "int"],
  ["builtins.StandardError", "Exception"],
]);

/** The module and name of today for those of Python 2. */
export function modernName(module: string, name: string): readonly [module: string, name: string] {
  const modern = MODULES.get(module) ?? module;
  return [modern, NAMES.get(`${modern}.${name}`) ?? name];
}

/** What an application allows to be read and written as data. */
export type Allow = (path: string) => boolean;

const ENTRY = /^[\w.]+?(?:\.\*)?$/;

/** From names such as `myapp.models.User` and patterns such as `myapp.models.*`. Throws ConfigurationError. */
export function compileAllow(entries: readonly string[]): Allow {
  const wrong = entries.find((entry) => !ENTRY.test(entry));
  if (wrong !== undefined)
    throw new ConfigurationError(
      `allow has ${JSON.stringify(wrong)}; it takes names such as "myapp.models.User" and "myapp.models.*".`,
    );
  const paths = new Set(entries);
  // One name takes the place of the star: what a class has in turn would be found by Python too.
  return (path) => paths.has(path) || paths.has(`${path.slice(0, path.lastIndexOf("."))}.*`);
}
