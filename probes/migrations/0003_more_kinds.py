from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0001_initial"),
        ("incidents", "0002_default_severities"),
        ("probes", "0002_raw_results"),
    ]
    operations = [
        migrations.RemoveConstraint(
            model_name="probe",
            name="probe_kind_is_known",
        ),
        migrations.AlterField(
            model_name="probe",
            name="kind",
            field=models.CharField(
                choices=[
                    ("http", "HTTP"),
                    ("tcp", "TCP"),
                    ("postgres", "PostgreSQL"),
                    ("redis", "Redis"),
                    ("heartbeat", "Heartbeat"),
                    ("disk", "Disk"),
                    ("dns", "DNS"),
                    ("tls", "TLS certificate"),
                    ("icmp", "ICMP"),
                    ("websocket", "WebSocket"),
                    ("smtp", "SMTP"),
                    ("grpc", "gRPC health"),
                    ("s3", "S3 bucket"),
                    ("json", "JSON value"),
                    ("workers", "Worker heartbeats"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="probe",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "http",
                            "tcp",
                            "postgres",
                            "redis",
                            "heartbeat",
                            "disk",
                            "dns",
                            "tls",
                            "icmp",
                            "websocket",
                            "smtp",
                            "grpc",
                            "s3",
                            "json",
                            "workers",
                        ],
                    )
                ),
                name="probe_kind_is_known",
            ),
        ),
    ]
