<?php

declare(strict_types=1);

/* Runs the tests of this folder: php tests/run.php. A file returns its tests by name; one fails by throwing. */

namespace Celerity\Tests;

require __DIR__ . '/../autoload.php';
require __DIR__ . '/FakeTransport.php';
require __DIR__ . '/assertions.php';

[$passed, $failed] = [0, 0];
foreach (glob(__DIR__ . '/*Test.php') ?: [] as $file) {
    foreach (require $file as $name => $test) {
        try {
            $test();
            $passed++;
        } catch (\Throwable $error) {
            $failed++;
            echo basename($file, '.php'), ": $name\n$error\n\n";
        }
    }
}
echo "$passed passed, $failed failed\n";
exit($failed === 0 && $passed > 0 ? 0 : 1);
