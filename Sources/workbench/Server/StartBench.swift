import Foundation

/// From the start of the program to its first healthy answer, and what it holds when nobody wants anything.
struct StartBench: Sendable {
    var folder: String

    func run() async throws {
        var starts = Timings()
        var memory = 0
        for round in 0..<5 {
            let data = self.folder + "/start-\(UUID().uuidString.prefix(8))"
            defer { try? FileManager.default.removeItem(atPath: data) }
            if round == 0 {
                // The files of the program come from the disk once.
                _ = try await BenchServer.run(data: data) { _, _ in 0 }
            }
            let (took, held) = try await BenchServer.run(data: data) { server, took in
                // A few seconds in which every service has looked at its queue.
                try await Task.sleep(for: .seconds(3))
                return (took, server.memory())
            }
            starts.add(took)
            memory = max(memory, held)
        }
        Console.line(
            "\nStart to first healthy answer: \(Int(starts.percentile(50))) ms in the middle, \(Int(starts.percentile(100))) ms at most (wanted: 200)"
        )
        Console.line("Memory of the idle server: \(QueueBench.text(Double(memory) / 1_048_576)) MB (wanted: below 40)")
    }
}
