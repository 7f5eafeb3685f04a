module conformance/tagged

go 1.21
