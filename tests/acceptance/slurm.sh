#!/bin/sh
# Start a Slurm of one node on this machine, as root in a container: apt-get install slurm-wlm, then this.
# `slurm.sh stop` ends it.
set -e
place=/tmp/one-node-slurm
if [ "$1" = stop ]; then
    for name in slurmd slurmctld munged; do
        [ -f "$place/$name.pid" ] && kill "$(cat "$place/$name.pid")" 2>/dev/null || true
    done
    exit 0
fi
mkdir -p "$place/state" "$place/spool" /run/munge /etc/slurm
chown munge /run/munge "$place"
cat > /etc/slurm/slurm.conf <<END
ClusterName=one
SlurmctldHost=$(hostname)
AuthType=auth/munge
SlurmUser=root
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName=$(hostname) CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
runuser -u munge -- munged --pid-file "$place/munged.pid" --log-file "$place/munged.log" --force
slurmctld
slurmd
sleep 3
sinfo
