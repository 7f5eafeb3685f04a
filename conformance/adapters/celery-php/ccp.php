<?php
/** Tagged values, and the loop that answers CCP/1. docs/conformance.md has both. */

/** What PHP or a library has no means for; the answer is `skipped`. */
class CannotSay extends Exception
{
}

/** Objects are stdClass, as json_decode() makes them. */
function untag(mixed $value): mixed
{
    if (is_array($value)) {
        return array_map('untag', $value);
    }
    if (!is_object($value)) {
        return $value;
    }
    $members = get_object_vars($value);
    $name = count($members) === 1 ? (string) array_key_first($members) : '';
    return match ($name) {
        '$int' => untagInt($members['$int']),
        '$float' => untagFloat($members['$float']),
        '$nan' => NAN,
        '$dict' => untagDict($members['$dict']),
        default => str_starts_with($name, '$')
            ? throw new CannotSay("JSON of PHP has no $name")
            : (object) array_map('untag', $members),
    };
}

function untagInt(string $digits): int
{
    return (string) (int) $digits === $digits ? (int) $digits : throw new CannotSay("PHP has no integer $digits");
}

function untagFloat(string $text): float
{
    return match ($text) {
        'inf' => INF,
        '-inf' => -INF,
        default => (float) $text,
    };
}

function untagDict(array $members): stdClass
{
    $object = new stdClass();
    foreach ($members as [$key, $value]) {
        is_string($key) || throw new CannotSay('objects of PHP have text as keys');
        $object->{$key} = untag($value);
    }
    return $object;
}

function tag(mixed $value): mixed
{
    if (is_int($value)) {
        return ['$int' => (string) $value];
    }
    if (is_float($value)) {
        return is_nan($value) ? ['$nan' => true] : ['$float' => strtolower(var_export($value, true))];
    }
    if (is_array($value) && array_is_list($value)) {
        return array_map('tag', $value);
    }
    if (!is_array($value) && !is_object($value)) {
        return $value;
    }
    $members = array_map('tag', (array) $value);
    $name = (string) array_key_first($members);
    $isAmbiguous = count($members) === 1 && str_starts_with($name, '$');
    return $isAmbiguous ? ['$dict' => [[$name, $members[$name]]]] : (object) $members;
}

/** What stands for an exception in a stored result has a type; the rest are values. */
function outcome(string $state, mixed $result): array
{
    if (!isset($result->exc_type)) {
        return ['state' => $state, 'value' => tag($result)];
    }
    $message = implode(', ', (array) $result->exc_message);
    return ['state' => $state, 'error' => ['type' => $result->exc_type, 'message' => $message]];
}

/** Answers commands, one after another, by the functions named like them. */
function answer(array $about): void
{
    while (($command = json_decode(fgets(STDIN) ?: '{"cmd":"stop"}'))->cmd !== 'stop') {
        try {
            $said = match (true) {
                $command->cmd === 'start' => $about,
                in_array($command->cmd, ['configure', ...$about['commands']]) => ($command->cmd)($command),
                default => throw new CannotSay("this adapter has no $command->cmd"),
            };
        } catch (CannotSay $error) {
            $said = ['skipped' => true, 'message' => $error->getMessage()];
        } catch (Throwable $error) {
            $said = ['errored' => true, 'message' => $error->getMessage(), 'trace' => (string) $error];
        }
        echo json_encode($said + ['seq' => $command->seq]), "\n";
    }
}
