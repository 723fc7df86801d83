/// The version of program, worker and server: they are one.
package let castVersion = "0.1.0"
