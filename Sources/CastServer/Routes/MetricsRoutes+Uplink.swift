import CastCore

extension MetricsRoutes {
    /// The audio that goes to nodes, and what the line out was seen to carry.
    func addUplink(to text: inout PrometheusText) {
        let meter = self.parts.uplink
        let traffic = UplinkMeter.Receiver.allCases.map { ($0.rawValue, meter.traffic(to: $0)) }
        text.metric("cast2md_audio_sent_bytes_total", .counter, "Audio that was sent to nodes.")
        for (name, traffic) in traffic {
            text.sample("cast2md_audio_sent_bytes_total", ["to": name], Double(traffic.bytes))
        }
        text.metric(
            "cast2md_audio_sending_seconds_total", .counter, "Time in which at least one of them was being sent audio.")
        for (name, traffic) in traffic {
            text.sample("cast2md_audio_sending_seconds_total", ["to": name], traffic.seconds)
        }
        text.metric("cast2md_audio_transfers", .gauge, "Transfers of audio to nodes that run now.")
        for (name, traffic) in traffic { text.sample("cast2md_audio_transfers", ["to": name], Double(traffic.open)) }
        let jobs = meter.jobs
        text.metric(
            "cast2md_claims_total", .counter, "Jobs that nodes took, by whether they were told the publisher's address."
        )
        text.sample("cast2md_claims_total", ["source": "publisher"], Double(jobs.offered))
        text.sample("cast2md_claims_total", ["source": "server"], Double(jobs.taken - jobs.offered))
        let uplink = meter.uplink
        text.metric(
            "cast2md_uplink_bytes_per_second", .gauge, "Sent to pods of late, while any was served; 0 when none was.")
        text.sample("cast2md_uplink_bytes_per_second", uplink.rate ?? 0)
        if let limit = uplink.limit {
            text.metric(
                "cast2md_uplink_limit_bytes_per_second", .gauge, "What went out while pods wanted more.")
            text.sample("cast2md_uplink_limit_bytes_per_second", limit)
        }
        text.metric(
            "cast2md_uplink_share", .gauge, "Of the audio of jobs that pods took, the share that this server sent.")
        text.sample("cast2md_uplink_share", uplink.share)
    }
}
