import CastCore

/// The node's numbers in Prometheus' text form.
package enum StatusMetrics {
    package static func text(_ status: NodeStatus) -> String {
        var lines: [String] = []
        func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            lines.append("# HELP cast2md_node_\(name) \(help)")
            lines.append("# TYPE cast2md_node_\(name) \(type)")
            lines += samples.map { "cast2md_node_\(name)\($0.labels) \($0.value)" }
        }
        func stages(_ value: (StageReport) -> String) -> [(String, String)] {
            status.stages.map { ("{stage=\"\($0.stage.rawValue)\"}", value($0)) }
        }
        family("uptime_seconds", "gauge", "How long the node has been running.", [("", "\(status.uptimeSeconds)")])
        family(
            "jobs_total", "counter", "Jobs that ended here.",
            [("{outcome=\"done\"}", "\(status.jobsDone)"), ("{outcome=\"failed\"}", "\(status.jobsFailed)")])
        family(
            "jobs_held", "gauge", "Jobs in hand.",
            [
                ("{state=\"fetching\"}", "\(status.fetching)"), ("{state=\"prefetched\"}", "\(status.prefetched)"),
                ("{state=\"current\"}", status.currentJob == nil ? "0" : "1"),
                ("{state=\"unsent\"}", "\(status.spool)"),
            ])
        family(
            "audio_bytes_total", "counter",
            "Bytes of audio by where they came from; wasted: from publishers, of no use.",
            [
                ("{from=\"publisher\"}", "\(status.audio.publisherBytes)"),
                ("{from=\"server\"}", "\(status.audio.serverBytes)"),
                ("{from=\"wasted\"}", "\(status.audio.wastedBytes)"),
            ])
        family(
            "audio_files_total", "counter", "Files of audio by where they came from.",
            [
                ("{from=\"publisher\"}", "\(status.audio.publisherFiles)"),
                ("{from=\"server\"}", "\(status.audio.serverFiles)"),
            ])
        family(
            "publisher_misses_total", "counter", "Tries with publishers that brought nothing of use.",
            [
                ("{reason=\"differs\"}", "\(status.audio.differing)"),
                ("{reason=\"failed\"}", "\(status.audio.failing)"),
            ])
        family("stage_busy_seconds_total", "counter", "Work of a stage.", stages { "\($0.busySeconds)" })
        family(
            "stage_waiting_seconds_total", "counter", "Time in which a stage could not go on.",
            stages { "\($0.waitingSeconds)" })
        family("stage_items_total", "counter", "Files, segments or calls.", stages { "\($0.items)" })
        family(
            "stage_audio_seconds_total", "counter", "Audio that went through a stage.", stages { "\($0.audioSeconds)" })
        family("stage_queue", "gauge", "What waits before a stage.", stages { "\($0.queue)" })
        return lines.joined(separator: "\n") + "\n"
    }
}
